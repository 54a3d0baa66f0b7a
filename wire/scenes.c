#include "scenes.h"

#include "common/await.h"
#include "common/report.h"
#include "script_run.h"
#include "views.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Plays one file. *coverage gets what was seen. Returns the exit status. */
static int play_scene(const struct wire_options *options, const char *file, struct coverage *coverage)
{
    static struct wire wire;
    static struct views views;
    struct script *script = script_read(file);
    if (script == NULL)
        return EXIT_USAGE;
    struct hosts_options habits = script_hosts(script);
    if (options->pace == PACE_PLAY)
        habits.timers = TIMERS_STILL;
    int status = EXIT_WORLD;
    if (views_open(&views, options, &wire, true) == 0 && wire_open(&wire, &habits, script_title(script)) == 0)
        status = script_run(&wire, script, options->pace == PACE_PLAY ? options->play_ms : 0);
    wire_close(&wire);
    if (status == EXIT_WORLD && !stop_signal())
        views_show_kept(&views);
    if (views_close(&views, options) == -1 && status == EXIT_DONE)
        status = EXIT_WORLD;
    *coverage = views.coverage;
    free(script);
    return status;
}

/* The process of a file: its coverage goes through the pipe. It does not outlive the one that has started it. */
static void become_scene(const struct wire_options *options, const char *file, int pipe_fd)
{
    struct coverage coverage = {.seen = {0}};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = play_scene(options, file, &coverage);
    if (write(pipe_fd, &coverage, sizeof coverage) != (ssize_t)sizeof coverage && status == EXIT_DONE)
        status = EXIT_WORLD;
    fflush(stdout);
    die_by_stop_signal();
    _exit(status);
}

/* Waits for the process; a stop signal is passed on to it. Returns its exit status. */
static int wait_for_scene(pid_t pid, int pipe_fd, struct coverage *sum)
{
    struct coverage part;
    int status;
    bool told = false;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (await_or_child(-1, 0, -1) == -1 && errno == EINTR && !told) {
            kill(pid, stop_signal());
            told = true;
        }
        if (told && waitpid(pid, &status, 0) == pid)
            break;
    }
    if (read(pipe_fd, &part, sizeof part) == (ssize_t)sizeof part)
        coverage_add(sum, &part);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_WORLD;
}

static int start_scene(const struct wire_options *options, const char *file, struct coverage *sum)
{
    int ends[2];
    fflush(stdout);
    if (pipe(ends) == -1) {
        report_errno("pipe");
        return EXIT_WORLD;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        fcntl(ends[1], F_SETFD, FD_CLOEXEC);
        become_scene(options, file, ends[1]);
    }
    close(ends[1]);
    int status = EXIT_WORLD;
    if (pid == -1)
        report_errno("fork");
    else
        status = wait_for_scene(pid, ends[0], sum);
    close(ends[0]);
    return status;
}

int play_scenes(const struct wire_options *options)
{
    struct coverage sum = {.seen = {0}};
    int worst = EXIT_DONE;
    for (int i = 0; i < options->script_count && !stop_signal(); i++) {
        if (!options->quiet && !json_on_output(options) && i > 0)
            putchar('\n');
        int status = start_scene(options, options->scripts[i], &sum);
        if (options->script_count > 1 && !json_on_output(options))
            printf("%s  %s\n", status == EXIT_DONE ? "ok      " : "not ok  ", options->scripts[i]);
        if (status > worst)
            worst = status;
    }
    if (options->coverage && !stop_signal()) {
        struct row_style style = row_style_of_output();
        coverage_print(&sum, style.ascii || options->ascii, style.colour);
    }
    return fflush(stdout) == 0 ? worst : EXIT_WORLD;
}

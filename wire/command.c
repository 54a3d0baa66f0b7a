/* command.c: a process on a host; namespaces and capabilities are Linux. */
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL); /* execve would do it for those that are caught, but a signal may come before */
    signal(SIGTERM, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What a user on the host may do to its network: as root may there, so that ping, tcpdump and ip work
 * (capabilities(7)). Everything else stays as it is for that user. */
static void keep_network_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const uint32_t wanted = 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW;
    struct __user_cap_data_struct data[2] = {{.effective = wanted, .permitted = wanted, .inheritable = wanted}};
    if (geteuid() == 0)
        return;
    if (syscall(SYS_capset, &header, data) == 0) {
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0);
    }
}

/* Programs are looked for where NETSTEP_BIN says (those that are graded), then beside this one, wherever it was built.
 */
static void set_path(void)
{
    char path[8192], program[2048];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    const char *graded = getenv("NETSTEP_BIN"), *old = getenv("PATH");
    if (length <= 0)
        return;
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash)
        *slash = '\0';
    if (snprintf(path, sizeof path, "%s%s%s:%s:/usr/sbin:/sbin", graded ? graded : "", graded ? ":" : "", program,
                 old ? old : "/usr/bin:/bin") < (int)sizeof path)
        setenv("PATH", path, 1);
}

void become_on_host(int network, const char *name, char *const argv[])
{
    set_path();
    setenv("NETSTEP_HOST", name, 1);
    if (setns(network, CLONE_NEWNET) == -1)
        return;
    /* A /proc of the processes on the hosts, and a name: where they can't be had, /proc shows other numbers, the prompt
     * another name, and that is all. */
    if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    if (unshare(CLONE_NEWUTS) == 0 && sethostname(name, strlen(name)) == -1)
        errno = 0;
    keep_network_capabilities();
    reset_signals();
    execvp(argv[0], argv);
}

/* A terminal for what it prints: programs write line by line to a terminal, and in blocks to a pipe. Ours leaves the
 * bytes as they are. Returns 0, or -1. */
static int open_terminal(int *ours, int *its)
{
    struct termios raw;
    *ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*ours == -1)
        return -1;
    const char *name = grantpt(*ours) == 0 && unlockpt(*ours) == 0 ? ptsname(*ours) : NULL;
    *its = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    if (*its == -1 || tcgetattr(*its, &raw) == -1) {
        close(*ours);
        return -1;
    }
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    return tcsetattr(*its, TCSANOW, &raw);
}

static int open_output(int *ours, int *its)
{
    int ends[2];
    if (open_terminal(ours, its) == 0)
        return 0;
    if (pipe(ends) == -1)
        return -1;
    *ours = ends[0];
    *its = ends[1];
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

/* Why no program of that name can be run, an errno; 0 if one can. Without a slash the directories of PATH are searched.
 */
static int program_error(const char *name, size_t length)
{
    char path[4096];
    struct stat file;
    const char *directory = getenv("PATH");
    if (memchr(name, '/', length)) {
        snprintf(path, sizeof path, "%.*s", (int)length, name);
        return access(path, X_OK) == -1 ? errno : stat(path, &file) == 0 && S_ISDIR(file.st_mode) ? EACCES : 0;
    }
    while (directory && *directory) {
        size_t size = strcspn(directory, ":");
        if (snprintf(path, sizeof path, "%.*s/%.*s", (int)size, directory, (int)length, name) < (int)sizeof path &&
            access(path, X_OK) == 0)
            return 0;
        directory += size + (directory[size] == ':');
    }
    return ENOENT;
}

/* Whether it is the shell's own (exit, read): the shell knows. */
static bool is_of_shell(const char *name, size_t length)
{
    char line[300];
    return memchr(name, '/', length) == NULL &&
           snprintf(line, sizeof line, "command -v %.*s >/dev/null 2>&1", (int)length, name) < (int)sizeof line &&
           system(line) == 0;
}

/* What the shell is to do; NULL with errno. One program with its arguments becomes the process itself: what we signal,
 * and whose end we see, is then that program. Some shells would stay as its parent, and end before it. That it is there
 * can be said beforehand. The text of anything more is the shell's. */
static char *shell_line(const char *text)
{
    const char *name = text + strspn(text, " \t");
    size_t length = strcspn(name, " \t");
    bool simple = strpbrk(text, ";&|<>(){}`$\n") == NULL && strcspn(name, "='\"\\~*?[!#") >= length;
    int error = simple ? program_error(name, length) : 0;
    bool of_shell = error != 0 && is_of_shell(name, length);
    char *line = malloc(strlen(text) + sizeof "exec ");
    if (line && error != 0 && !of_shell) {
        free(line);
        line = NULL;
        errno = error;
    }
    if (line)
        sprintf(line, "%s%s", simple && !of_shell ? "exec " : "", text);
    return line;
}

/* The child: input, output, and then the shell. What has kept it from that it writes to `told`, an errno; the shell
 * closes `told` without a word. */
static void run_shell(const struct hosts *hosts, enum host_id host, const char *text, int input, int output, int told)
{
    char shell[] = "/bin/sh", option[] = "-c", *line;
    set_path();
    setsid(); /* from now on a signal to this process group finds us, and does what it does to any program */
    reset_signals();
    line = shell_line(text);
    char *argv[] = {shell, option, line, NULL};
    placing_program(&hosts->placing);
    if (line && dup2(input, STDIN_FILENO) != -1 && dup2(output, STDOUT_FILENO) != -1 &&
        dup2(output, STDERR_FILENO) != -1)
        become_on_host(hosts->of[host].network, host_name(host), argv);
    int error = errno;
    if (write(told, &error, sizeof error) != (ssize_t)sizeof error)
        _exit(126);
    _exit(127);
}

static int open_input(bool with_input, int *ours, int *its)
{
    int ends[2];
    *ours = -1;
    if (!with_input) {
        *its = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return *its == -1 ? -1 : 0;
    }
    if (pipe(ends) == -1)
        return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    *its = ends[0];
    *ours = ends[1];
    return 0;
}

/* The child is the shell once the pipe is at its end; an errno in it says why it never will be. Returns 0, or -1 with
 * errno. */
static int await_shell(pid_t child, int pipe_fd)
{
    int error = 0;
    ssize_t got;
    while ((got = read(pipe_fd, &error, sizeof error)) == -1 && errno == EINTR)
        ;
    if (got == 0)
        return 0;
    while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
        ;
    errno = got == (ssize_t)sizeof error ? error : EIO;
    return -1;
}

static void close_all(const int *fds, size_t count)
{
    int error = errno;
    for (size_t i = 0; i < count; i++)
        if (fds[i] != -1)
            close(fds[i]);
    errno = error;
}

int command_start(struct command *command, const struct hosts *hosts, enum host_id host, const char *text,
                  bool with_input)
{
    int its[2] = {-1, -1}, told[2] = {-1, -1}, result = -1; /* its: input and output */
    *command = (struct command){.host = host, .output = -1, .input = -1};
    if (open_input(with_input, &command->input, &its[0]) == 0 && open_output(&command->output, &its[1]) == 0 &&
        pipe(told) == 0) {
        fcntl(told[1], F_SETFD, FD_CLOEXEC);
        fcntl(command->output, F_SETFL, O_NONBLOCK);
        fflush(NULL); /* or the child would have what we have not yet written */
        command->pid = fork();
        if (command->pid == 0) {
            close(told[0]);
            run_shell(hosts, host, text, its[0], its[1], told[1]);
        }
        result = command->pid == -1 ? -1 : 0;
    }
    close_all(&told[1], 1);
    close_all(its, 2);
    if (result == 0)
        result = await_shell(command->pid, told[0]);
    close_all(told, 1);
    if (result == -1)
        close_all((const int[]){command->input, command->output}, 2);
    return result;
}

/* A byte of a program's output on our terminal: no control characters. UTF-8 stays. */
static char printable(char byte)
{
    return ((unsigned char)byte < ' ' && byte != '\t') || byte == 0x7f ? '?' : byte;
}

static void end_line(struct command *command, line_fn *line, void *context)
{
    if (command->length > 0 && command->line[command->length - 1] == '\r')
        command->length--;
    for (size_t i = 0; i < command->length; i++) {
        bool control = (unsigned char)command->line[i] == 0xc2 && i + 1 < command->length &&
                       (unsigned char)command->line[i + 1] < 0xa0; /* U+0080 to U+009F */
        command->line[i] = control ? '?' : printable(command->line[i]);
        if (control)
            command->line[++i] = '?';
    }
    command->line[command->length] = '\0';
    command->length = 0;
    line(context, command, command->line);
}

void command_read(struct command *command, bool ended, line_fn *line, void *context)
{
    char bytes[4096];
    ssize_t got = 0;
    int blocks = ended ? 1000 : 16; /* who prints without end is not to keep us from the network */
    errno = EAGAIN;
    while (command->output != -1 && blocks-- > 0 && (got = read(command->output, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] != '\n')
                command->line[command->length++] = bytes[i];
            if (bytes[i] == '\n' || command->length == LINE_SIZE - 1)
                end_line(command, line, context);
        }
    }
    bool at_end = command->output != -1 && blocks >= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR));
    if (at_end || ended) {
        if (command->length > 0)
            end_line(command, line, context);
        if (command->output != -1)
            close(command->output);
        command->output = -1;
    }
}

void command_close_input(struct command *command)
{
    if (command->input != -1)
        close(command->input);
    command->input = -1;
}

const char *command_ended_text(int status, char text[ENDED_TEXT_SIZE])
{
    if (WIFSIGNALED(status))
        snprintf(text, ENDED_TEXT_SIZE, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, ENDED_TEXT_SIZE, "exit status %d", WEXITSTATUS(status));
    return text;
}

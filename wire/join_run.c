/* join_run.c: `wire sh` and `wire netstat`: a program on a host, on this terminal; Linux only. */
#define _GNU_SOURCE
#include "join.h"

#include "command.h"
#include "common/option.h"
#include "common/report.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const char usage[] =
    "usage: wire sh [--of PID] HOST [COMMAND [ARG]...]\n"
    "       wire netstat [--of PID] HOST [ARG]...\n"
    "Runs COMMAND (default: your shell), or netstat (default: -ant), on a host of a wire that runs in another "
    "terminal.\n"
    "HOST is client or server.\n"
    "\n"
    "      --of PID           the wire with this process id, where several run\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: the program's; 128+N if signal N killed it; 127 if there is no such program; 1: no wire to join;\n"
    "2: wrong arguments.\n";

enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 };

/* What is to be run, and where. */
struct errand {
    pid_t of;
    enum host_id host;
    bool netstat;
    bool plain; /* without a command or argument of the user's own */
    char **argv;
};

/* The program's terminal, if it gets ours for itself. */
struct terminal {
    bool given;           /* the program has a process group of its own, in the foreground */
    struct termios modes; /* as they were before */
};

/* ---- the child: on the host */

/* Where netstat is missing, ss shows the same rows. */
static void try_ss(const struct errand *errand)
{
    char ss[] = "ss", option[] = "-tan";
    char *argv[] = {ss, option, NULL};
    if (errand->plain)
        execvp(ss, argv);
    report("netstat is not installed: ./setup installs it (Debian, Ubuntu: sudo apt install net-tools)");
}

static void on_host(const struct errand *errand, const struct way *way, const struct terminal *terminal)
{
    if (terminal->given) {
        setpgid(0, 0);
        tcsetpgrp(STDIN_FILENO, getpgrp());
    }
    placing_joiner(way->wire, way->together);
    become_on_host(way->network[errand->host], host_name(errand->host), errand->argv);
    int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
    if (errand->netstat && errno == ENOENT)
        try_ss(errand);
    else
        report_errno("run %s on the %s", errand->argv[0], host_name(errand->host));
    _exit(status);
}

/* ---- the parent: outside, where it does what a shell does for a job in the foreground */

/* A program between the terminal and us, as in `wire sh client tcpdump | less`, stays in the group of all of them. */
static struct terminal look_at_terminal(void)
{
    struct terminal terminal = {.given = false};
    terminal.given = isatty(STDOUT_FILENO) && tcgetattr(STDIN_FILENO, &terminal.modes) == 0 &&
                     tcgetpgrp(STDIN_FILENO) == getpgrp();
    return terminal;
}

/* Nothing but SIGKILL ends us before the program has ended. */
static void block_signals(sigset_t *blocked, const struct terminal *terminal)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD, SIGTTOU};
    sigemptyset(blocked);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(blocked, signals[i]);
    if (terminal->given)
        sigaddset(blocked, SIGTSTP);
    sigprocmask(SIG_BLOCK, blocked, NULL);
    signal(SIGCHLD, SIG_DFL); /* an ignored one would keep the program's status from us */
}

/* The program was stopped (Ctrl-Z): so are we, and go on when our shell says so. */
static void stop_too(pid_t program, const struct terminal *terminal)
{
    if (terminal->given)
        tcsetpgrp(STDIN_FILENO, getpgrp());
    raise(SIGSTOP);
    if (terminal->given && tcgetpgrp(STDIN_FILENO) == getpgrp())
        tcsetpgrp(STDIN_FILENO, program);
    kill(terminal->given ? -program : program, SIGCONT);
}

/* Whether a signal that has come to us is for the program. What the terminal's keys send reaches it by itself if it is
 * in our group; if it has one of its own, that came in the moment before it was given the terminal. */
static bool is_for_program(int signal_number, const struct terminal *terminal)
{
    if (signal_number == SIGINT || signal_number == SIGQUIT || signal_number == SIGTSTP)
        return terminal->given;
    return signal_number == SIGTERM || signal_number == SIGHUP;
}

/* Waits for the end of the program, and returns its status as waitpid(2) has it. */
static int await_program(pid_t program, const struct terminal *terminal, const sigset_t *blocked)
{
    for (;;) {
        int status, signal_number = sigwaitinfo(blocked, NULL);
        if (is_for_program(signal_number, terminal))
            kill(program, signal_number);
        if (waitpid(program, &status, WNOHANG | WUNTRACED) != program)
            continue;
        if (!WIFSTOPPED(status))
            return status;
        stop_too(program, terminal);
    }
}

/* Runs the hosts' first process still? The kernel lets nobody be born after it, and forbids that before it kills who
 * is there (pid_namespaces(7): fork then fails with ENOMEM). */
static bool hosts_are_there(void)
{
    pid_t trial = fork();
    if (trial == -1)
        return errno != ENOMEM;
    if (trial == 0)
        _exit(0);
    while (waitpid(trial, NULL, 0) == -1 && errno == EINTR)
        ;
    return true;
}

static int tell_end(int status, const struct terminal *terminal)
{
    if (terminal->given)
        tcsetpgrp(STDIN_FILENO, getpgrp());
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (terminal->given) /* it may have left them as only itself can use them */
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->modes);
    if (WTERMSIG(status) == SIGKILL && !hosts_are_there())
        report("the wire has ended, and with it everything on its hosts");
    return EXIT_SIGNAL + WTERMSIG(status);
}

/* Goes into the namespaces of the hosts: of users at once, of processes with the next fork(2). */
static int enter(const struct way *way)
{
    if (way->users != -1 && setns(way->users, CLONE_NEWUSER) == -1)
        return -1;
    return setns(way->pids, CLONE_NEWPID);
}

static int run(const struct errand *errand, const struct way *way)
{
    const struct terminal terminal = look_at_terminal();
    sigset_t blocked;
    block_signals(&blocked, &terminal);
    if (enter(way) == -1) {
        report_errno("enter the hosts of the wire with process id %d", (int)way->wire);
        return EXIT_WORLD;
    }
    pid_t program = fork();
    if (program == -1) {
        report_errno("the wire with process id %d is ending: fork", (int)way->wire);
        return EXIT_WORLD;
    }
    if (program == 0)
        on_host(errand, way, &terminal);
    return tell_end(await_program(program, &terminal, &blocked), &terminal);
}

/* ---- the command line */

static bool take_host(const char *text, enum host_id *host)
{
    for (*host = CLIENT; *host < HOSTS; ++*host)
        if (strcmp(text, host_name(*host)) == 0)
            return true;
    report("host '%s': client or server", text);
    return false;
}

/* What is to be run: the words after HOST, or what stands for them. */
static void fill_in(struct errand *errand, char **host)
{
    static char netstat[] = "netstat", option[] = "-ant", sh[] = "/bin/sh";
    static char *plain_netstat[] = {netstat, option, NULL}, *plain_shell[] = {sh, NULL};
    char *shell = getenv("SHELL");
    errand->plain = host[1] == NULL;
    if (!errand->netstat && !errand->plain) {
        errand->argv = host + 1;
    } else if (!errand->netstat) {
        errand->argv = plain_shell;
        plain_shell[0] = shell && shell[0] == '/' ? shell : sh;
    } else if (!errand->plain) {
        errand->argv = host;
        host[0] = netstat; /* argv[0] of what follows */
    } else {
        errand->argv = plain_netstat;
    }
}

static int parse(int argc, char **argv, struct errand *errand)
{
    static const struct option options[] = {
        {"of", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    static char sh[] = "wire sh", netstat[] = "wire netstat";
    int option;
    *errand = (struct errand){.netstat = strcmp(argv[0], "netstat") == 0};
    argv[0] = errand->netstat ? netstat : sh; /* so getopt_long names the program */
    while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option != 'o' || !option_int("--of", optarg, 1, INT_MAX, &errand->of))
            return EXIT_USAGE;
    }
    if (optind == argc) {
        report("on which host? client or server");
        return EXIT_USAGE;
    }
    if (!take_host(argv[optind], &errand->host))
        return EXIT_USAGE;
    fill_in(errand, argv + optind);
    return -1;
}

/* Which of two equal prompts is whose? */
static void greet(const struct errand *errand)
{
    if (errand->plain && !errand->netstat && isatty(STDIN_FILENO))
        fprintf(stderr, "This shell is on the %s, %s. It ends with: exit\n", host_name(errand->host),
                host_address(errand->host, AF_INET));
}

int join_main(int argc, char **argv)
{
    struct errand errand;
    struct way way;
    int status = parse(argc, argv, &errand);
    if (status != -1)
        return status;
    if (join_ask(errand.of, &way) == -1)
        return EXIT_WORLD;
    greet(&errand);
    return run(&errand, &way);
}

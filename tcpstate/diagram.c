/* diagram.c: tcpstate diagram: the state diagram, and with --port a live connection on it. */
#define _DEFAULT_SOURCE /* TIOCGWINSZ, _POSIX_VDISABLE */
#include "commands.h"
#include "common/await.h"
#include "common/figure.h"
#include "common/option.h"
#include "common/report.h"
#include "live.h"

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char usage[] =
    "usage: tcpstate diagram [options]\n"
    "Draws the TCP state diagram (RFC 9293, figure 5); with --port it lights the state of each end of a live "
    "connection\n"
    "and keeps the path taken. States in (brackets) were too short to be seen and are inferred.\n"
    "\n"
    "  -p, --port PORT      follow PORT's newest connection, until a signal\n"
    "      --once           draw PORT's connection as it is now, and end; exit status 1 if PORT has no socket\n"
    "      --for SECS       follow no longer than that\n"
    "      --interval SECS  time between two looks (default 0.02)\n"
    "      --state STATE    mark this state\n"
    "      --names SET      netstat (default), rfc or bsd: how states are spelled\n"
    "      --ascii          without line-drawing characters (also where the locale is not UTF-8)\n"
    "  -h, --help           this text\n"
    "\n"
    "It needs 80 columns and 46 lines. Without a terminal, --port prints a line for each new state instead.\n"
    "Example: tcpstate diagram --port 7000\n";

struct diagram {
    figure_names *name_of;
    enum tcp_state marked; /* --state */
    uint16_t port;         /* 0 = no live connection */
    int interval_ms, for_ms;
    bool once, ascii, colour;
};

/* An end's path in words. The other machine's end of a connection is in that machine's list. */
static void describe(const struct diagram *diagram, const struct live *live, const struct path *path, char *text,
                     size_t size)
{
    if (path->count > 0)
        path_text(path, diagram->name_of, text, size);
    else
        snprintf(text, size, "%s", live->follows ? "no row on this machine" : diagram->name_of(STATE_CLOSED));
}

/* The figure with both paths of the connection on it: the states now, and those before. */
static void draw_live(struct figure *figure, const struct diagram *diagram, const struct live *live)
{
    char line[FIGURE_COLUMNS + 1], path[FIGURE_COLUMNS - 8];
    enum tcp_state server = path_end(&live->server_path), client = path_end(&live->client_path);
    bool server_here = !live->follows || live->server_path.count > 0;
    bool client_here = !live->follows || live->client_path.count > 0;
    figure_draw(figure, diagram->name_of);
    for (int i = 0; i < live->server_path.count; i++)
        figure_mark(figure, live->server_path.steps[i].state, false, STYLE_VISITED, "");
    for (int i = 0; i < live->client_path.count; i++)
        figure_mark(figure, live->client_path.steps[i].state, false, STYLE_VISITED, "");
    if (server_here)
        figure_mark(figure, server, true, STYLE_SERVER, "server");
    if (client_here)
        figure_mark(figure, client, true, server_here && server == client ? STYLE_BOTH : STYLE_CLIENT, "client");
    for (int row = FIGURE_NOTES_ROW; row < FIGURE_ROWS; row++)
        for (int column = 0; column < FIGURE_COLUMNS; column++)
            figure_text(figure, row, column, " ");
    describe(diagram, live, &live->server_path, path, sizeof path);
    snprintf(line, sizeof line, "server  %s", path);
    figure_text(figure, FIGURE_NOTES_ROW, 0, line);
    describe(diagram, live, &live->client_path, path, sizeof path);
    snprintf(line, sizeof line, "client  %s", path);
    figure_text(figure, FIGURE_NOTES_ROW + 1, 0, line);
    if (live->follows)
        snprintf(line, sizeof line, "port %u, client's port %u; further connections: %d", (unsigned)diagram->port,
                 (unsigned)live->client.port, live->others);
    else
        snprintf(line, sizeof line, "port %u: no connection yet", (unsigned)diagram->port);
    figure_text(figure, FIGURE_NOTES_ROW + 2, 0, line);
}

/* What has been told so far, without a terminal: of which connection, and how many steps of each end. */
struct told {
    int number, server, client;
};

static void tell_path(const struct diagram *diagram, const char *end, const struct path *path, int *told)
{
    for (; *told < path->forgotten + path->count; ++*told) {
        int i = *told < path->forgotten ? 0 : *told - path->forgotten;
        printf("%s %s%s\n", end, diagram->name_of(path->steps[i].state), path->steps[i].seen ? "" : " (inferred)");
    }
}

static void tell(const struct diagram *diagram, const struct live *live, struct told *told)
{
    if (live->number != told->number) {
        if (live->number > 1) { /* before the first one the server's path has begun already, with LISTEN */
            printf("another connection, client's port %u\n", (unsigned)live->client.port);
            told->server = told->client = 0;
        }
        told->number = live->number;
    }
    tell_path(diagram, "server", &live->server_path, &told->server);
    tell_path(diagram, "client", &live->client_path, &told->client);
}

/* Draws over the last picture, or says that the terminal is too small. */
static void redraw(const struct diagram *diagram, const struct live *live)
{
    struct figure figure;
    struct winsize size = {.ws_row = 0};
    fputs("\033[H\033[2J", stdout);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
        (size.ws_row < FIGURE_ROWS + 1 || size.ws_col < FIGURE_COLUMNS)) {
        char server[60], client[60];
        describe(diagram, live, &live->server_path, server, sizeof server);
        describe(diagram, live, &live->client_path, client, sizeof client);
        printf("The figure needs %d columns and %d lines; here are %u and %u.\nserver  %s\nclient  %s\n",
               FIGURE_COLUMNS, FIGURE_ROWS + 1, (unsigned)size.ws_col, (unsigned)size.ws_row, server, client);
    } else {
        draw_live(&figure, diagram, live);
        figure_print(&figure, stdout, diagram->ascii, diagram->colour);
    }
}

/* Follows the connection until a signal or the end of --for. Returns 0, or -1 with errno. */
static int follow(const struct diagram *diagram, struct live *live, bool screen)
{
    long long end = now_us() + diagram->for_ms * 1000LL;
    struct winsize size, last_size = {.ws_row = 0};
    struct told told = {0, 0, 0};
    for (;;) {
        int changed = live_look(live);
        if (changed == -1)
            return -1;
        memset(&size, 0, sizeof size);
        if (screen && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && memcmp(&size, &last_size, sizeof size) != 0)
            changed = 1;
        last_size = size;
        if (changed && screen) {
            redraw(diagram, live);
        } else if (changed) {
            tell(diagram, live, &told);
        }
        if (await_flush() != 0)
            return stop_signal() ? 0 : -1;
        if (diagram->for_ms != -1 && now_us() >= end)
            return 0;
        if (await(-1, 0, diagram->interval_ms) == -1)
            return 0;
    }
}

static int show_once(const struct diagram *diagram, struct live *live)
{
    struct figure figure;
    if (live_look(live) == -1)
        return -1;
    if (live->before.count == 0) {
        report("diagram: no socket has port %u", (unsigned)diagram->port);
        return EXIT_WORLD;
    }
    draw_live(&figure, diagram, live);
    figure_print(&figure, stdout, diagram->ascii, diagram->colour);
    return EXIT_DONE;
}

/* Shows the terminal's other screen, without a cursor. What is typed is not echoed (an Enter would scroll the figure
 * away), and Ctrl-Z and Ctrl-\ do nothing: they would leave the terminal like that. Returns whether *before is set. */
static bool enter_screen(struct termios *before)
{
    fputs("\033[?1049h\033[?25l", stdout);
    if (tcgetattr(STDIN_FILENO, before) == -1 || tcgetpgrp(STDIN_FILENO) != getpgrp())
        return false; /* our input is no terminal, or we are in the background: it is not ours to set */
    struct termios quiet = *before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    quiet.c_cc[VSUSP] = quiet.c_cc[VQUIT] = _POSIX_VDISABLE;
    return tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
}

/* As we found it; what was typed meanwhile is not left to the shell. `before` may be NULL. */
static void leave_screen(const struct termios *before)
{
    fputs("\033[?25h\033[?1049l", stdout);
    if (before)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, before);
}

static int run_live(const struct diagram *diagram)
{
    struct live live;
    if (live_open(&live, diagram->port) == -1) {
        report_errno("neither sock_diag nor /proc/net/tcp shows this system's sockets");
        return EXIT_WORLD;
    }
    const char *terminal = getenv("TERM");
    bool screen = !diagram->once && isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    struct termios before;
    bool quiet = screen && enter_screen(&before);
    int result = diagram->once ? show_once(diagram, &live) : follow(diagram, &live, screen);
    int error = errno;
    if (screen) {
        char path[FIGURE_COLUMNS];
        leave_screen(quiet ? &before : NULL);
        describe(diagram, &live, &live.server_path, path, sizeof path);
        printf("server  %s\n", path);
        describe(diagram, &live, &live.client_path, path, sizeof path);
        printf("client  %s\n", path);
    }
    live_close(&live);
    errno = error;
    if (result == -1)
        report_errno("diagram");
    return result == -1 ? EXIT_WORLD : result;
}

static bool take_names(const char *word, figure_names **name_of)
{
    if (strcmp(word, "netstat") == 0)
        *name_of = state_name;
    else if (strcmp(word, "rfc") == 0)
        *name_of = state_rfc_name;
    else if (strcmp(word, "bsd") == 0)
        *name_of = state_bsd_name;
    else
        report("--names '%s': there are netstat, rfc and bsd", word);
    return *name_of != NULL;
}

enum { OPTION_ONCE = 256, OPTION_FOR, OPTION_INTERVAL, OPTION_STATE, OPTION_NAMES, OPTION_ASCII };

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"for", required_argument, NULL, OPTION_FOR},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"state", required_argument, NULL, OPTION_STATE},
    {"names", required_argument, NULL, OPTION_NAMES},
    {"ascii", no_argument, NULL, OPTION_ASCII},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, const char *value, struct diagram *diagram)
{
    switch (option) {
    case 'p':
        if (!option_port("--port", value, &diagram->port))
            return false;
        if (diagram->port == 0)
            report("--port 0: no socket in the kernel's list has it");
        return diagram->port != 0;
    case OPTION_ONCE: diagram->once = true; return true;
    case OPTION_FOR: return option_seconds("--for", value, &diagram->for_ms);
    case OPTION_INTERVAL:
        if (!option_seconds("--interval", value, &diagram->interval_ms))
            return false;
        if (diagram->interval_ms == 0)
            report("--interval '%s': too small (0.001 at least)", value);
        return diagram->interval_ms != 0;
    case OPTION_NAMES: diagram->name_of = NULL; return take_names(value, &diagram->name_of);
    case OPTION_ASCII: diagram->ascii = true; return true;
    case OPTION_STATE:
        diagram->marked = state_from_name(value);
        if (diagram->marked == STATE_NONE)
            report("--state '%s': no such state (tcpstate explain lists the eleven)", value);
        return diagram->marked != STATE_NONE;
    default: return false; /* getopt has said what it does not know */
    }
}

int diagram_command(int argc, char **argv)
{
    struct diagram diagram = {.name_of = state_name, .interval_ms = 20, .for_ms = -1};
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    setlocale(LC_CTYPE, "");
    diagram.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    diagram.colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0;
    int option;
    while ((option = getopt_long(argc, argv, "p:h", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (!take_option(option, optarg, &diagram))
            return EXIT_USAGE;
    }
    if (optind < argc)
        report("diagram: '%s' is too much", argv[optind]);
    else if (diagram.port && diagram.marked)
        report("--port and --state: the live figure marks the connection's states");
    else if (!diagram.port && (diagram.once || diagram.for_ms != -1))
        report("--once and --for: of which --port?");
    else if (diagram.port)
        return run_live(&diagram);
    else {
        struct figure figure;
        figure_draw(&figure, diagram.name_of);
        if (diagram.marked)
            figure_mark(&figure, diagram.marked, true, STYLE_BOTH, "");
        figure_print(&figure, stdout, diagram.ascii, diagram.colour);
        return EXIT_DONE;
    }
    return EXIT_USAGE;
}

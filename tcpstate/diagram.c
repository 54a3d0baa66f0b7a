/* diagram.c: tcpstate diagram: the state diagram, and with --port a live connection on it. */
#define _DEFAULT_SOURCE /* TIOCGWINSZ */
#include "commands.h"
#include "common/await.h"
#include "common/option.h"
#include "common/report.h"
#include "figure.h"
#include "live.h"

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

/* The figure with both paths of the connection on it: the states now, and those before. */
static void draw_live(struct figure *figure, const struct diagram *diagram, const struct live *live)
{
    char line[FIGURE_COLUMNS + 1], path[FIGURE_COLUMNS - 8];
    enum tcp_state server = path_end(&live->server_path), client = path_end(&live->client_path);
    figure_draw(figure, diagram->name_of);
    for (int i = 0; i < live->server_path.count; i++)
        figure_mark(figure, live->server_path.steps[i].state, false, STYLE_VISITED, "");
    for (int i = 0; i < live->client_path.count; i++)
        figure_mark(figure, live->client_path.steps[i].state, false, STYLE_VISITED, "");
    figure_mark(figure, server, true, STYLE_SERVER, "server");
    figure_mark(figure, client, true, server == client ? STYLE_BOTH : STYLE_CLIENT, "client");
    for (int row = FIGURE_NOTES_ROW; row < FIGURE_ROWS; row++)
        for (int column = 0; column < FIGURE_COLUMNS; column++)
            figure_text(figure, row, column, " ");
    path_text(&live->server_path, path, sizeof path);
    snprintf(line, sizeof line, "server  %s", path);
    figure_text(figure, FIGURE_NOTES_ROW, 0, line);
    path_text(&live->client_path, path, sizeof path);
    snprintf(line, sizeof line, "client  %s", path);
    figure_text(figure, FIGURE_NOTES_ROW + 1, 0, line);
    if (live->follows)
        snprintf(line, sizeof line, "port %u, client's port %u; further connections: %d", (unsigned)diagram->port,
                 (unsigned)live->client.port, live->others);
    else
        snprintf(line, sizeof line, "port %u: no connection yet", (unsigned)diagram->port);
    figure_text(figure, FIGURE_NOTES_ROW + 2, 0, line);
}

/* What is new of an end's path since the last line, without a terminal. *told counts the steps told; a path that has
 * become shorter is a new connection's. */
static void tell_path(const char *end, const struct path *path, int *told)
{
    if (path->count < *told)
        *told = 0;
    for (; *told < path->count; ++*told)
        printf("%s %s%s\n", end, state_name(path->steps[*told].state), path->steps[*told].seen ? "" : " (inferred)");
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
        path_text(&live->server_path, server, sizeof server);
        path_text(&live->client_path, client, sizeof client);
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
    int server_told = 0, client_told = 0;
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
            tell_path("server", &live->server_path, &server_told);
            tell_path("client", &live->client_path, &client_told);
        }
        if (fflush(stdout) != 0)
            return -1;
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

static int run_live(const struct diagram *diagram)
{
    struct live live;
    if (live_open(&live, diagram->port) == -1) {
        report_errno("neither sock_diag nor /proc/net/tcp shows this system's sockets");
        return EXIT_WORLD;
    }
    const char *terminal = getenv("TERM");
    bool screen = !diagram->once && isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    if (screen)
        fputs("\033[?1049h\033[?25l", stdout); /* the other screen, no cursor */
    int result = diagram->once ? show_once(diagram, &live) : follow(diagram, &live, screen);
    int error = errno;
    if (screen) {
        char path[FIGURE_COLUMNS];
        fputs("\033[?25h\033[?1049l", stdout); /* as we found it */
        path_text(&live.server_path, path, sizeof path);
        printf("server  %s\n", path);
        path_text(&live.client_path, path, sizeof path);
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
    case 'p': return option_port("--port", value, &diagram->port);
    case OPTION_ONCE: diagram->once = true; return true;
    case OPTION_FOR: return option_seconds("--for", value, &diagram->for_ms);
    case OPTION_INTERVAL: return option_seconds("--interval", value, &diagram->interval_ms);
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

/* tcpstate hold STATE: a real socket in that state, which stays there while the class looks at it with netstat.
 *
 *     tcpstate hold CLOSE_WAIT --for 30
 *
 * How a state is reached stands in recipes_open.c and recipes_close.c. Here: the options, asking the kernel whether it
 * got there, telling what to look for, and waiting.
 */
#include "commands.h"
#include "recipes.h"
#include "row_text.h"

#include "common/address.h"
#include "common/await.h"
#include "common/option.h"
#include "common/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

static const char usage[] = "usage: tcpstate hold [options] STATE\n"
                            "Brings a socket on loopback into STATE with plain socket calls and keeps it\n"
                            "there until Enter, Ctrl-C or SIGTERM; tells which calls it made, the netstat\n"
                            "command to type, the row to look for, and how long the kernel allows.\n"
                            "\n"
                            "STATE: LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE_WAIT\n"
                            "       CLOSING LAST_ACK TIME_WAIT (BSD's and RFC 9293's names too);\n"
                            "       CLOSED explains why it has no row\n"
                            "\n"
                            "  -f, --for SECS            end after SECS\n"
                            "  -p, --port PORT           the server's port (default: the kernel chooses)\n"
                            "  -6, --ipv6                on ::1 instead of 127.0.0.1\n"
                            "  -h, --help                this text\n"
                            "\n"
                            "The end of standard input does not end it. Afterwards its sockets are reset,\n"
                            "so that nothing stays but a TIME_WAIT. Exit status 0: held until you ended it;\n"
                            "1: the kernel did not get there, or left the state before that; 2: wrong\n"
                            "arguments.\n";

static const char why_closed[] = "CLOSED: no connection, and so no row. A socket that is new, or only bound, or\n"
                                 "done with, is not in the kernel's list of connections. What netstat shows of\n"
                                 "CLOSED is that a row is missing: hold another state, look, end it, look again.\n";

enum { PATIENCE_MS = 5000, LOOK_MS = 200 /* between two looks at the kernel */ };

struct holding {
    const struct recipe *recipe;
    struct scene scene;
    struct socket_table table;
    int for_ms;      /* -1 = no end */
    int stdin_fd;    /* where Enter comes from; -1 once it has ended */
    long long begin; /* now_us() when the state was reached */
};

enum ending { BY_ENTER, BY_SIGNAL, BY_TIME, BY_KERNEL };

static const struct option long_options[] = {
    {"for", required_argument, NULL, 'f'},
    {"port", required_argument, NULL, 'p'},
    {"ipv6", no_argument, NULL, '6'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Takes the options. Returns -1 to go on, or the exit status. */
static int parse(int argc, char **argv, struct holding *holding, enum tcp_state *state)
{
    int family = AF_INET, option;
    uint16_t port = 0;
    holding->for_ms = -1;
    optind = 0; /* main has been here before: begin anew */
    while ((option = getopt_long(argc, argv, "f:p:6h", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option == '6')
            family = AF_INET6;
        else if (option == 'f' ? !option_seconds("--for", optarg, &holding->for_ms)
                               : option != 'p' || !option_port("--port", optarg, &port))
            return EXIT_USAGE; /* an unknown one has been reported by getopt */
    }
    if (argc - optind != 1) {
        report(argc == optind ? "hold: which state? (hold --help lists them)" : "hold: one state at a time");
        return EXIT_USAGE;
    }
    *state = state_from_name(argv[optind]);
    if (*state == STATE_NONE) {
        report("'%s' is no TCP state (hold --help lists them)", argv[optind]);
        return EXIT_USAGE;
    }
    holding->scene = scene_of(family, port);
    return -1;
}

/* FINs that wait behind data: the queues come to rest when the kernel has gone over from repeating to probing. */
static bool at_rest(enum tcp_state wanted, const struct socket_row *row)
{
    bool waits = wanted == STATE_FIN_WAIT1 || wanted == STATE_CLOSING || wanted == STATE_LAST_ACK;
    return !waits || row->timer == TIMER_PROBE;
}

/* One look: is this end in the state it should be in, and the other one too? */
static bool is_reached(struct holding *holding, struct socket_row *row, int *found)
{
    const struct recipe *recipe = holding->recipe;
    struct socket_row peer;
    *found = scene_row(&holding->table, &holding->scene, recipe->end, row);
    if (*found != 1 || row->state != recipe->state || !at_rest(recipe->state, row))
        return false;
    if (recipe->peer_state == STATE_NONE)
        return true;
    int peer_found = scene_row(&holding->table, &holding->scene, recipe->peer_end, &peer);
    return recipe->peer_state == STATE_CLOSED ? peer_found == 0 : peer_found == 1 && peer.state == recipe->peer_state;
}

/* Asks the kernel until it shows the state. Returns 0, or -1: it has been reported why not, or a stop signal came. */
static int await_state(struct holding *holding, struct socket_row *row)
{
    enum tcp_state wanted = holding->recipe->state;
    long long end = now_us() + PATIENCE_MS * 1000LL;
    int found;
    while (!is_reached(holding, row, &found) && found != -1 && now_us() < end)
        if (await(-1, 0, 5) == -1)
            return -1;
    if (found == 1 && row->state == wanted)
        return 0; /* even if the other end lags behind: its row is printed as it is */
    char suspicion[128];
    suspect_text(wanted, suspicion, sizeof suspicion);
    if (found == -1)
        report_errno("reading the kernel's sockets");
    else
        report("%s was not reached: the kernel shows %s%s", state_name(wanted),
               found == 1 ? state_name(row->state) : "no row for this connection", suspicion);
    return -1;
}

/* Prints `text` with every line after the first indented like the first, which follows a label. */
static void print_paragraph(const char *label, const char *text)
{
    printf("%-7s ", label);
    for (; *text; text++) {
        putchar(*text);
        if (*text == '\n')
            printf("%-7s ", "");
    }
    putchar('\n');
}

/* The row of the other end, as it is now. */
static void tell_peer(struct holding *holding)
{
    char text[ROW_TEXT_SIZE];
    struct socket_row peer;
    if (holding->recipe->peer_state == STATE_NONE) {
        puts("It has no other end yet.");
    } else if (scene_row(&holding->table, &holding->scene, holding->recipe->peer_end, &peer) == 1) {
        row_text(&peer, text);
        printf("The other end's:\n%s\n", text);
    } else {
        puts("The other end is CLOSED: it has no row.");
    }
}

/* Says what was done, and what is to be seen where. */
static void tell(struct holding *holding, const struct socket_row *row)
{
    const struct recipe *recipe = holding->recipe;
    char text[ROW_TEXT_SIZE], limit[256];

    printf("%s\n", state_name(recipe->state));
    print_paragraph("calls:", recipe->calls);
    limit_text(recipe->state, &holding->scene, limit, sizeof limit);
    print_paragraph("lasts:", limit);
    printf("look:   netstat -ant | grep :%u\n", (unsigned)address_port((struct sockaddr *)&holding->scene.server));
    row_text(row, text);
    printf("\nThe row to look for:\n%s\n", text);
    tell_peer(holding);
    if (holding->for_ms == -1)
        puts("\nHeld until Enter, Ctrl-C or SIGTERM.");
    else
        printf("\nHeld for %g s, or until Enter, Ctrl-C or SIGTERM.\n", holding->for_ms / 1000.0);
    await_flush();
}

/* Reads what is there of standard input. Returns whether Enter was among it. */
static bool enter_pressed(struct holding *holding)
{
    char typed;
    ssize_t got = read(holding->stdin_fd, &typed, 1);
    if (got == 1)
        return typed == '\n';
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return false;
    holding->stdin_fd = -1;
    if (holding->for_ms == -1)
        puts("Standard input has ended: no Enter will come. SIGINT or SIGTERM ends this.");
    await_flush();
    return false;
}

/* In the background of a shell (hold ... &) the keyboard is the shell's: reading would stop us (SIGTTIN). */
static int readable_stdin(const struct holding *holding)
{
    bool is_shells = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) != getpgrp();
    return is_shells ? -1 : holding->stdin_fd;
}

/* How long to sleep until the next look, at most until --for is over. */
static int next_look_ms(const struct holding *holding)
{
    if (holding->for_ms == -1)
        return LOOK_MS;
    long long left = holding->for_ms - (now_us() - holding->begin) / 1000;
    return left < 0 ? 0 : left < LOOK_MS ? (int)left : LOOK_MS;
}

/* Waits, and looks again and again whether the row is still there. */
static enum ending keep(struct holding *holding)
{
    struct socket_row row;
    for (;;) {
        int ready = await(readable_stdin(holding), POLLIN, next_look_ms(holding));
        if (stop_signal())
            return BY_SIGNAL;
        if (ready != 0 && enter_pressed(holding))
            return BY_ENTER;
        if (holding->for_ms != -1 && next_look_ms(holding) == 0)
            return BY_TIME;
        int found = scene_row(&holding->table, &holding->scene, holding->recipe->end, &row);
        if (found == 1 && row.state == holding->recipe->state)
            continue;
        if (found == -1)
            report_errno("reading the kernel's sockets");
        else
            report("%s ended after %.1f s: the kernel shows %s", state_name(holding->recipe->state),
                   (double)(now_us() - holding->begin) / 1e6, found == 1 ? state_name(row.state) : "no row any more");
        return BY_KERNEL;
    }
}

static void tell_end(const struct holding *holding, enum ending ending)
{
    static const char *const reasons[] = {[BY_ENTER] = "Enter", [BY_TIME] = "--for"};
    const char *reason = ending == BY_SIGNAL ? stop_signal_name() : reasons[ending];
    printf("Ended by %s after %.1f s. %s\n", reason, (double)(now_us() - holding->begin) / 1e6,
           holding->recipe->state == STATE_TIME_WAIT ? "The row needs no process: it stays until its 60 s are over."
                                                     : "The sockets are reset, their rows are gone.");
}

/* Reaches the state, tells, waits. Returns the exit status. */
static int hold(struct holding *holding)
{
    struct socket_row row;
    if (holding->recipe->reach(&holding->scene) == -1 || await_state(holding, &row) == -1)
        return stop_signal() ? EXIT_DONE : EXIT_WORLD;
    holding->begin = now_us();
    tell(holding, &row);
    enum ending ending = keep(holding);
    scene_end(&holding->scene);
    if (ending == BY_KERNEL)
        return EXIT_WORLD;
    tell_end(holding, ending);
    return EXIT_DONE;
}

int hold_command(int argc, char **argv)
{
    struct holding holding = {.stdin_fd = STDIN_FILENO};
    enum tcp_state state;
    int status = parse(argc, argv, &holding, &state);
    if (status != -1)
        return status;
    if (state == STATE_CLOSED) {
        fputs(why_closed, stdout);
        return EXIT_DONE;
    }
    holding.recipe = recipe_for(state);
    if (socket_table_open(&holding.table) == -1) {
        report_errno("reading the kernel's sockets");
        return EXIT_WORLD;
    }
    status = hold(&holding);
    scene_end(&holding.scene);
    socket_table_close(&holding.table);
    return status;
}

/* tour_show.c: the lines of the tour: the call, the client's state, the server's state, and who says so. */
#include "tour.h"

#include "common/address.h"
#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 /* the longest that a part waits for: a SYN is repeated after 1 s */ };

/* `text` inside a JSON string: all of ours is printable, so that only quotes and backslashes need care. */
static void print_json(const char *key, const char *text)
{
    printf(",\"%s\":\"", key);
    for (; *text; text++)
        printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    putchar('"');
}

/* What a terminal does with the text between these; nothing without colour. */
static const char bold[] = "\033[1m", title[] = "\033[1;36m", fresh[] = "\033[1;32m", faint[] = "\033[33m",
                  plain[] = "\033[0m";

static const char *style(const struct tour *tour, const char *sequence)
{
    return tour->options.colour ? sequence : "";
}

void tour_begin_part(struct tour *tour, const char *heading, const char *idea)
{
    scene_end(&tour->scene);
    tour->scene = scene_of(AF_INET, 0);
    tour->accepted = tour->one_socket = false;
    tour->client = tour->server = STATE_CLOSED;
    tour->part++;
    if (tour->options.json) {
        printf("{\"event\":\"part\",\"part\":%d", tour->part);
        print_json("title", heading);
        print_json("idea", idea);
        puts("}");
        return;
    }
    printf("\n%s %d  %s%s\n    %s\n", style(tour, title), tour->part, heading, style(tour, plain), idea);
    printf("%s%42s%-15s%s%s\n", style(tour, bold), "", "client", "server", style(tour, plain));
    await_flush();
}

/* The left half of a line: who calls what. Only the first line of a call shows it. */
static void print_call(const struct tour *tour)
{
    printf(" %-6s  %s%-31s%s ", tour->who, style(tour, bold), tour->call, style(tour, plain));
}

/* Waits for the Enter key, byte by byte so that nothing beyond the line is taken. Returns false for a stop signal. */
static bool wait_for_enter(struct tour *tour)
{
    printf(" Enter");
    await_flush();
    char key = '\0';
    while (key != '\n' && tour->options.step) {
        if (await(STDIN_FILENO, POLLIN, -1) == -1)
            return false;
        if (read(STDIN_FILENO, &key, 1) != 1)
            tour->options.step = false; /* nobody types any more: go on without */
    }
    /* On a terminal the Enter key has moved down a line: back up, and write the call again. */
    fputs(!isatty(STDOUT_FILENO) ? "\n" : isatty(STDIN_FILENO) ? "\033[A\r\033[K" : "\r\033[K", stdout);
    print_call(tour);
    return true;
}

bool tour_call(struct tour *tour, const char *who, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(tour->call, sizeof tour->call, format, arguments);
    va_end(arguments);
    tour->who = who;
    if (!tour->options.json) {
        print_call(tour);
        await_flush();
    }
    if (tour->options.step && !tour->options.json)
        return wait_for_enter(tour);
    return await(-1, 0, tour->options.pause_ms) != -1;
}

/* One state in its column; one that has changed is marked. */
static void print_state(const struct tour *tour, enum tcp_state state, enum tcp_state before, bool seen)
{
    bool changed = state != before;
    const char *arrow = !changed ? "  " : tour->options.ascii ? "> " : "\u2192 ";
    printf("%s%s%-12s%s ",
           style(tour, !changed ? ""
                       : seen   ? fresh
                                : faint),
           arrow, state_name(state), style(tour, plain));
}

static void count(struct tour *tour, enum tcp_state state, enum tcp_state before, bool seen)
{
    if (state == before)
        return;
    if (!seen) {
        tour->tally.inferred[state]++;
        return;
    }
    tour->tally.seen[state]++;
    tour->tally.parts[state] |= 1u << tour->part;
}

/* A whole line, after the call that tour_call has printed, or below it. */
static void tell_states(struct tour *tour, enum tcp_state client, enum tcp_state server, bool seen)
{
    const char *witness = seen ? "seen" : "inferred";
    if (tour->options.json) {
        printf("{\"event\":\"line\",\"part\":%d", tour->part);
        print_json("who", tour->who);
        print_json("call", tour->call);
        printf(",\"client\":\"%s\",\"server\":\"%s\",\"witness\":\"%s\"}\n", state_name(client), state_name(server),
               witness);
    } else {
        if (tour->call[0] == '\0')
            printf("%40s ", "");
        print_state(tour, client, tour->client, seen);
        print_state(tour, server, tour->server, seen);
        printf("%s%s%s\n", style(tour, seen ? "" : faint), witness, style(tour, plain));
        tour->call[0] = '\0';
    }
    await_flush();
    count(tour, client, tour->client, seen);
    if (!tour->one_socket)
        count(tour, server, tour->server, seen);
    tour->client = client;
    tour->server = server;
}

/* The state of one end as the kernel shows it now; CLOSED for no row, NONE when it can't be read. */
static enum tcp_state state_of(struct tour *tour, enum scene_end end)
{
    struct socket_row row;
    int found = scene_row(&tour->table, &tour->scene, end, &row);
    if (found == 0 && end == SERVER && !tour->accepted) /* no connection yet: the listening socket */
        found = scene_row(&tour->table, &tour->scene, LISTENER, &row);
    return found == 1 ? row.state : found == 0 ? STATE_CLOSED : STATE_NONE;
}

static void look(struct tour *tour, enum tcp_state *client, enum tcp_state *server)
{
    *client = state_of(tour, CLIENT);
    *server = tour->one_socket ? *client : state_of(tour, SERVER);
}

void tour_passed(struct tour *tour, enum tcp_state client, enum tcp_state server)
{
    enum tcp_state client_now, server_now;
    look(tour, &client_now, &server_now);
    tell_states(tour, client, server, client_now == client && server_now == server);
}

static void print_netstat_row(const char *row, void *context)
{
    const struct tour *tour = context;
    if (!tour->options.json) {
        printf("%s\n", row);
        return;
    }
    printf("{\"event\":\"netstat\",\"part\":%d", tour->part);
    print_json("row", row);
    puts("}");
}

/* The rows of this part's port, by netstat itself. */
static void tell_netstat(struct tour *tour)
{
    unsigned port = address_port((struct sockaddr *)&tour->scene.server);
    if (port == 0)
        return;
    if (!tour->options.json)
        printf("%s$ netstat -ant | grep :%u%s\n", style(tour, faint), port, style(tour, plain));
    if (netstat_rows(port, print_netstat_row, tour) == -1)
        report("netstat -ant failed");
    await_flush();
}

bool tour_see(struct tour *tour, enum tcp_state client, enum tcp_state server)
{
    enum tcp_state client_now, server_now;
    long long end = now_us() + PATIENCE_MS * 1000LL;
    look(tour, &client_now, &server_now);
    while ((client_now != client || server_now != server) && now_us() < end) {
        if (await(-1, 0, 2) == -1)
            return false;
        look(tour, &client_now, &server_now);
    }
    bool changed = client_now != tour->client || server_now != tour->server;
    tell_states(tour, client_now, server_now, true);
    if (changed && tour->options.netstat)
        tell_netstat(tour);
    if (client_now == client && server_now == server)
        return true;
    report("tour, part %d: the client should be in %s and the server in %s", tour->part, state_name(client),
           state_name(server));
    tour->failures++;
    return false;
}

void tour_note(struct tour *tour, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (tour->options.json) {
        printf("{\"event\":\"note\",\"part\":%d", tour->part);
        print_json("text", text);
        puts("}");
    } else {
        printf("         %s\n", text);
    }
    await_flush();
}

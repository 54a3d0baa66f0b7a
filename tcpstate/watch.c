/* watch.c: tcpstate watch: looks at the kernel's sockets again and again, and tells what is different. */
#include "commands.h"
#include "common/await.h"
#include "common/option.h"
#include "common/report.h"
#include "common/transition_text.h"
#include "filter.h"
#include "row_text.h"
#include "snapshot.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: tcpstate watch [options] [FILTER]...\n"
    "Tells every change of the kernel's TCP sockets: + appeared, ~ changed, - went; = was there when we began.\n"
    "A change is named as RFC 9293's figure 5 names it. Prints nothing while nothing changes.\n"
    "\n"
    "  -i, --interval SECS  time between two looks (default 0.02): nothing that lasts longer is missed\n"
    "  -Q, --queues         tell changes of Recv-Q and Send-Q too\n"
    "      --for SECS       end after so long (default: until a signal)\n"
    "  -4, -6               IPv4 or IPv6 sockets only\n"
    "      --json           one JSON object a line\n"
    "  -h, --help           this text\n"
    "\n" FILTER_HELP "\n"
    "With a state, only changes into it or out of it are told. SIGINT or SIGTERM ends it with exit status 0.\n"
    "Example: tcpstate watch 7000\n";

struct watch {
    struct socket_table table;
    struct socket_filter filter; /* what is read: all states, since a change has two of them */
    uint32_t states;             /* what is told: bits 1 << state */
    int interval_ms, for_ms;
    bool queues, json;
    bool first; /* the first look: what is there has not appeared now */
};

/* The wall clock's time as "12:34:56.789" (people compare it with tcpdump's), or for JSON with date and zone. */
static const char *clock_text(bool json, char text[64])
{
    struct timespec now;
    struct tm local;
    char zone[8];
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    size_t length = strftime(text, 40, json ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &local);
    strftime(zone, sizeof zone, "%z", &local);
    snprintf(text + length, 64 - length, ".%03ld%s", now.tv_nsec / 1000000, json ? zone : "");
    return text;
}

static bool is_told(const struct watch *watch, const struct socket_row *row)
{
    return row && (watch->states == 0 || (watch->states & (1u << row->state)));
}

static bool same_queues(const struct socket_row *a, const struct socket_row *b)
{
    return a->recv_queue == b->recv_queue && a->send_queue == b->send_queue;
}

/* What is told of one socket. */
struct change {
    char mark;
    const char *event;            /* the mark's name in JSON */
    enum tcp_state from, to;      /* CLOSED is no row */
    const struct socket_row *row; /* the newest there is */
    char words[TRANSITION_TEXT_SIZE];
};

static struct change describe_change(bool first, const struct socket_row *before, const struct socket_row *after)
{
    struct change change = {.mark = '~', .event = "changed", .from = STATE_CLOSED, .to = STATE_CLOSED};
    if (before) {
        change.from = before->state;
        change.row = before;
    } else {
        change.mark = first ? '=' : '+';
        change.event = first ? "there" : "appeared";
    }
    if (after) {
        change.to = after->state;
        change.row = after;
    } else {
        change.mark = '-';
        change.event = "gone";
    }
    if (change.mark != '=' && change.from != change.to)
        transition_text(change.from, change.to, change.words);
    return change;
}

static void print_change_json(const struct change *change)
{
    char clock[64], row[ROW_TEXT_SIZE];
    row_json(change->row, NULL, row);
    printf("{\"time\":\"%s\",\"event\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"rfc\":\"%s\",\"row\":%s}\n",
           clock_text(true, clock), change->event, state_name(change->from), state_name(change->to), change->words,
           row);
}

static void print_change(const struct change *change)
{
    char clock[64], local[ENDPOINT_TEXT_SIZE], remote[ENDPOINT_TEXT_SIZE], states[64];
    endpoint_text(change->row->family, &change->row->local, local);
    endpoint_text(change->row->family, &change->row->remote, remote);
    if (change->mark == '=' || change->mark == '+')
        snprintf(states, sizeof states, "%s", state_name(change->to));
    else if (change->from == change->to)
        snprintf(states, sizeof states, "%s  Recv-Q %u, Send-Q %u", state_name(change->to),
                 (unsigned)change->row->recv_queue, (unsigned)change->row->send_queue);
    else
        snprintf(states, sizeof states, "%s -> %s", state_name(change->from), state_name(change->to));
    printf("%s %c %-15s %-15s ", clock_text(false, clock), change->mark, local, remote);
    if (change->words[0])
        printf("%-25s  %s\n", states, change->words);
    else
        printf("%s\n", states);
}

/* For snapshot_compare: tells what is different about one socket, if anything is. */
static void tell_change(const struct socket_row *before, const struct socket_row *after, void *context)
{
    struct watch *watch = context;
    if (before && after && before->state == after->state && (!watch->queues || same_queues(before, after)))
        return;
    if (!is_told(watch, before) && !is_told(watch, after))
        return;
    struct change change = describe_change(watch->first, before, after);
    if (watch->json)
        print_change_json(&change);
    else
        print_change(&change);
}

/* Looks until a signal or the end of --for. *longest_us gets the longest time from one look's begin to the next one's
 * end: what lasted longer has been seen. Returns 0, or -1 with errno. */
static int look_again_and_again(struct watch *watch, struct snapshot *before, struct snapshot *after,
                                long long *longest_us)
{
    long long start = now_us(), last_begin = start;
    int result = 0;
    do {
        long long begin = now_us();
        if (snapshot_take(after, &watch->table, &watch->filter) == -1)
            return -1;
        long long end = now_us();
        snapshot_compare(before, after, tell_change, watch);
        if (await_flush() != 0)
            return stop_signal() ? 0 : -1;
        if (!watch->first && end - last_begin > *longest_us)
            *longest_us = end - last_begin;
        watch->first = false;
        last_begin = begin;
        struct snapshot old = *before;
        *before = *after;
        *after = old;

        /* A look takes time too: the next one must have ended when the interval has. */
        long long pause_ms = watch->interval_ms - (2 * (end - begin) + 999) / 1000;
        if (watch->for_ms != -1 && pause_ms > watch->for_ms - (end - start) / 1000)
            pause_ms = watch->for_ms - (end - start) / 1000;
        result = await(-1, 0, pause_ms > 0 ? (int)pause_ms : 0);
    } while (result != -1 && (watch->for_ms == -1 || now_us() - start < watch->for_ms * 1000LL));
    return 0;
}

static int watch_sockets(struct watch *watch)
{
    struct snapshot before = {NULL, 0, 0}, after = {NULL, 0, 0};
    long long longest_us = 0;
    if (socket_table_open(&watch->table) == -1) {
        report_errno("neither sock_diag nor /proc/net/tcp shows this system's sockets");
        return EXIT_WORLD;
    }
    int result = look_again_and_again(watch, &before, &after, &longest_us);
    int error = errno;
    socket_table_close(&watch->table);
    snapshot_free(&before);
    snapshot_free(&after);
    errno = error;
    if (result == -1 && errno != EPIPE) /* EPIPE: whoever read our lines has seen enough */
        report_errno("watch");
    if (longest_us > watch->interval_ms * 1000LL)
        report("watch: up to %lld ms passed between two looks: what lasted less may be missing", longest_us / 1000 + 1);
    return result == 0 ? EXIT_DONE : EXIT_WORLD;
}

enum { OPTION_FOR = 256, OPTION_JSON };

static const struct option long_options[] = {
    {"interval", required_argument, NULL, 'i'},
    {"queues", no_argument, NULL, 'Q'},
    {"for", required_argument, NULL, OPTION_FOR},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

int watch_command(int argc, char **argv)
{
    struct watch watch = {.interval_ms = 20, .for_ms = -1, .first = true};
    bool good = true;
    int option;
    while (good && (option = getopt_long(argc, argv, "i:Q46h", long_options, NULL)) != -1) {
        switch (option) {
        case 'i': good = option_seconds("--interval", optarg, &watch.interval_ms); break;
        case 'Q': watch.queues = true; break;
        case OPTION_FOR: good = option_seconds("--for", optarg, &watch.for_ms); break;
        case '4': watch.filter.family = AF_INET; break;
        case '6': watch.filter.family = AF_INET6; break;
        case OPTION_JSON: watch.json = true; break;
        case 'h': fputs(usage, stdout); return EXIT_DONE;
        default: good = false;
        }
    }
    if (!good || !parse_filter(argc - optind, argv + optind, &watch.filter))
        return EXIT_USAGE;
    watch.states = watch.filter.states;
    watch.filter.states = 0;
    return watch_sockets(&watch);
}

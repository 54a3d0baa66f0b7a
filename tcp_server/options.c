/* options.c: the command line of tcp_server. The calls that the lessons tell of stand in the other files. */
#include "options.h"

#include "common/option.h"
#include "common/report.h"

#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const char usage[] =
    "usage: tcp_server [options] PORT\n"
    "Listens on PORT (0: any free one), sends back every byte that a client sends, and tells each system call\n"
    "with its result and the state that the kernel gives the socket at that moment.\n"
    "\n"
    "  -b, --bind ADDR           listen on ADDR (default 127.0.0.1; 0.0.0.0 or :: for every address)\n"
    "  -m, --model MODEL         iterative: one client after another (default); fork: a process for each client;\n"
    "                            thread: a thread for each; epoll: one thread and an event loop; pool: a few threads\n"
    "      --workers N           threads of the pool (default 4)\n"
    "      --queue N             requests that may wait for the pool's threads (default 64)\n"
    "      --when-full WHAT      the pool's queue is full: wait (nothing more is taken; default) or reject (a reset)\n"
    "      --backlog N           how many connections may wait for accept (default %d, SOMAXCONN)\n"
    "      --rcvbuf BYTES        size of the receive buffer; the kernel doubles it\n"
    "      --sndbuf BYTES        size of the send buffer; the kernel doubles it\n"
    "      --pause-accept SECS   wait before each accept: connections pile up in the accept queue\n"
    "      --pause-read SECS     wait before a client's first read: its bytes pile up in Recv-Q\n"
    "      --pause-close SECS    wait after a client's end of file: stay in CLOSE_WAIT\n"
    "      --close-first         close after the first bytes are sent back: TIME_WAIT is then ours\n"
    "      --reset               after the first bytes, end the connection with a reset\n"
    "      --no-reuse            leave SO_REUSEADDR off\n"
    "  -t, --timeout SECS        end a connection on which nothing moves for so long (default: never)\n"
    "      --max N               end after N clients\n"
    "  -s, --step                wait for Enter before each call\n"
    "  -q, --quiet               print nothing but the line \"listening on\"\n"
    "  -h, --help                this text\n"
    "      --version             the version\n"
    "\n"
    "SIGINT or SIGTERM ends it with exit status 0. Exit status 1: the world refused; 2: wrong arguments.\n"
    "Example: tcp_server 7000      then, in another terminal: tcp_client 127.0.0.1 7000 hello\n";

enum {
    OPTION_BACKLOG = 256,
    OPTION_WORKERS,
    OPTION_QUEUE,
    OPTION_WHEN_FULL,
    OPTION_RCVBUF,
    OPTION_SNDBUF,
    OPTION_PAUSE_ACCEPT,
    OPTION_PAUSE_READ,
    OPTION_PAUSE_CLOSE,
    OPTION_CLOSE_FIRST,
    OPTION_RESET,
    OPTION_NO_REUSE,
    OPTION_MAX,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"bind", required_argument, NULL, 'b'},
    {"model", required_argument, NULL, 'm'},
    {"workers", required_argument, NULL, OPTION_WORKERS},
    {"queue", required_argument, NULL, OPTION_QUEUE},
    {"when-full", required_argument, NULL, OPTION_WHEN_FULL},
    {"backlog", required_argument, NULL, OPTION_BACKLOG},
    {"rcvbuf", required_argument, NULL, OPTION_RCVBUF},
    {"sndbuf", required_argument, NULL, OPTION_SNDBUF},
    {"pause-accept", required_argument, NULL, OPTION_PAUSE_ACCEPT},
    {"pause-read", required_argument, NULL, OPTION_PAUSE_READ},
    {"pause-close", required_argument, NULL, OPTION_PAUSE_CLOSE},
    {"close-first", no_argument, NULL, OPTION_CLOSE_FIRST},
    {"reset", no_argument, NULL, OPTION_RESET},
    {"no-reuse", no_argument, NULL, OPTION_NO_REUSE},
    {"timeout", required_argument, NULL, 't'},
    {"max", required_argument, NULL, OPTION_MAX},
    {"step", no_argument, NULL, 's'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static bool take_when_full(const char *value, bool *reject)
{
    *reject = strcmp(value, "reject") == 0;
    if (!*reject && strcmp(value, "wait") != 0) {
        report("--when-full '%s': there are wait and reject", value);
        return false;
    }
    return true;
}

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, const char *value, struct server_options *options)
{
    switch (option) {
    case 'b': options->bind_host = value; return true;
    case 'm': options->model = value; return true;
    case OPTION_WORKERS: return option_int("--workers", value, 1, 1000, &options->workers);
    case OPTION_QUEUE: return option_int("--queue", value, 1, 1000000, &options->queue);
    case OPTION_WHEN_FULL: options->sets_pool = true; return take_when_full(value, &options->reject);
    case OPTION_BACKLOG: return option_int("--backlog", value, 0, INT_MAX, &options->backlog);
    case OPTION_RCVBUF: return option_int("--rcvbuf", value, 1, INT_MAX, &options->receive_buffer);
    case OPTION_SNDBUF: return option_int("--sndbuf", value, 1, INT_MAX, &options->send_buffer);
    case OPTION_PAUSE_ACCEPT: return option_seconds("--pause-accept", value, &options->pause_accept_ms);
    case OPTION_PAUSE_READ: return option_seconds("--pause-read", value, &options->pause_read_ms);
    case OPTION_PAUSE_CLOSE: return option_seconds("--pause-close", value, &options->pause_close_ms);
    case OPTION_CLOSE_FIRST: options->close_first = true; return true;
    case OPTION_RESET: options->reset = true; return true;
    case OPTION_NO_REUSE: options->no_reuse = true; return true;
    case 't': return option_seconds("--timeout", value, &options->timeout_ms);
    case OPTION_MAX: return option_count("--max", value, 1, LLONG_MAX / 10, &options->max_clients);
    case 's': options->step = true; return true;
    case 'q': options->quiet = true; return true;
    default: return false; /* getopt has said what it does not know */
    }
}

/* Options that belong to one model, or do not go with it. */
static bool model_agrees(const struct server_options *options)
{
    const char *model = options->model;
    if ((options->workers || options->queue || options->sets_pool) && strcmp(model, "pool") != 0)
        report("--workers, --queue and --when-full: they are for --model pool");
    else if (options->step && strcmp(model, "fork") == 0)
        report("--step and --model fork: several processes cannot share one Enter key");
    else if (options->step && strcmp(model, "iterative") != 0)
        report("--step and --model %s: clients would wait for each other's Enter key", model);
    else if ((options->pause_read_ms || options->pause_close_ms) && strcmp(model, "epoll") == 0)
        report("--pause-read, --pause-close and --model epoll: a loop that pauses for one client pauses for all");
    else
        return true;
    return false;
}

/* Options that contradict each other. */
static bool options_agree(const struct server_options *options)
{
    if (options->close_first && options->reset)
        report("--close-first and --reset: one connection ends in one way");
    else if (options->step && options->quiet)
        report("--step and --quiet: stepping shows each call");
    else
        return model_agrees(options);
    return false;
}

int parse_options(int argc, char **argv, struct server_options *options)
{
    *options = (struct server_options){
        .bind_host = "127.0.0.1", .model = "iterative", .backlog = SOMAXCONN, .timeout_ms = -1};
    int option;
    while ((option = getopt_long(argc, argv, "b:m:t:sqh", long_options, NULL)) != -1) {
        if (option == 'h') {
            printf(usage, SOMAXCONN);
            return EXIT_DONE;
        }
        if (option == OPTION_VERSION) {
            print_version();
            return EXIT_DONE;
        }
        if (!take_option(option, optarg, options))
            return EXIT_USAGE;
    }
    if (optind + 1 != argc) {
        report(optind == argc ? "which PORT? (--help tells more)" : "only one PORT, please: '%s' is too much",
               optind == argc ? "" : argv[optind + 1]);
        return EXIT_USAGE;
    }
    if (!option_port("port", argv[optind], &options->port) || !options_agree(options))
        return EXIT_USAGE;
    options->workers = options->workers ? options->workers : 4;
    options->queue = options->queue ? options->queue : 64;
    return -1;
}

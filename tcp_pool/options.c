/* options.c: the command line of tcp_pool. */
#include "options.h"

#include "common/option.h"
#include "common/report.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: tcp_pool [options] HOST PORT\n"
    "Makes calls to an echo server over a pool of connections, and tells what that leaves in the kernel's table.\n"
    "\n"
    "      --max N           at most N connections at once (default 4)\n"
    "      --idle SECS       an idle connection older than that is made anew (default 30; 0: never)\n"
    "      --lifetime SECS   the same for the age of a connection, busy or not (default 0: no limit)\n"
    "      --wait MS         how long a call may wait for a connection; then it fails (default: without limit)\n"
    "      --workers W       W threads make calls (default 4)\n"
    "      --calls K         K calls, of all together (default 10)\n"
    "      --lifo, --fifo    take the idle connection that was used last (default), or the one that was not for "
    "longest\n"
    "      --no-pool         no pool: a connection for every call; without --max, --idle, --lifetime, --wait, --lifo,\n"
    "                        --fifo, --naive\n"
    "      --naive           hand out what is in the pool without a look at it, and repeat no call\n"
    "      --pause SECS      a worker's pause after each call\n"
    "      --step            wait for Enter before each call (one worker)\n"
    "  -t, --timeout SECS    give up a connect, or an answer, after so long (default 10)\n"
    "  -q, --quiet           no line a call\n"
    "  -h, --help            this text\n"
    "      --version         the version\n"
    "\n"
    "Exit status 0: every call was answered; 1: one was not, or the world refused; 2: wrong arguments.\n"
    "Example: tcp_pool --max 2 --workers 8 --calls 1000 -q 127.0.0.1 7000\n";

enum {
    OPTION_MAX = 256,
    OPTION_IDLE,
    OPTION_LIFETIME,
    OPTION_WAIT,
    OPTION_WORKERS,
    OPTION_CALLS,
    OPTION_LIFO,
    OPTION_FIFO,
    OPTION_NO_POOL,
    OPTION_NAIVE,
    OPTION_PAUSE,
    OPTION_STEP,
    OPTION_VERSION
};

/* A thread costs memory, a connection a descriptor. */
enum { MOST_CONNECTIONS = 100000, MOST_WORKERS = 10000 };

static const struct option long_options[] = {
    {"max", required_argument, NULL, OPTION_MAX},
    {"idle", required_argument, NULL, OPTION_IDLE},
    {"lifetime", required_argument, NULL, OPTION_LIFETIME},
    {"wait", required_argument, NULL, OPTION_WAIT},
    {"workers", required_argument, NULL, OPTION_WORKERS},
    {"calls", required_argument, NULL, OPTION_CALLS},
    {"lifo", no_argument, NULL, OPTION_LIFO},
    {"fifo", no_argument, NULL, OPTION_FIFO},
    {"no-pool", no_argument, NULL, OPTION_NO_POOL},
    {"naive", no_argument, NULL, OPTION_NAIVE},
    {"pause", required_argument, NULL, OPTION_PAUSE},
    {"step", no_argument, NULL, OPTION_STEP},
    {"timeout", required_argument, NULL, 't'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* What fit_together() has to know besides: whether it was said, not what. */
struct said {
    bool order;          /* --lifo or --fifo */
    const char *of_pool; /* the last option that only a pool has a use for; NULL = none */
};

/* Whether it says how a pool has to be. --naive is one too, and has a reason of its own. */
static bool is_of_pool(int option)
{
    return option == OPTION_MAX || option == OPTION_IDLE || option == OPTION_LIFETIME || option == OPTION_WAIT ||
           option == OPTION_LIFO || option == OPTION_FIFO;
}

static bool take_order(enum pool_order order, struct said *said, struct pool_options *options)
{
    if (said->order && options->order != order) {
        report("--fifo and --lifo exclude each other");
        return false;
    }
    said->order = true;
    options->order = order;
    return true;
}

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, const char *value, struct said *said, struct pool_options *options)
{
    switch (option) {
    case OPTION_MAX: return option_int("--max", value, 1, MOST_CONNECTIONS, &options->max);
    case OPTION_IDLE: return option_seconds("--idle", value, &options->idle_ms);
    case OPTION_LIFETIME: return option_seconds("--lifetime", value, &options->lifetime_ms);
    case OPTION_WAIT: return option_int("--wait", value, 0, 86400000, &options->wait_ms);
    case OPTION_WORKERS: return option_int("--workers", value, 1, MOST_WORKERS, &options->workers);
    case OPTION_CALLS: return option_count("--calls", value, 1, 1000000000000, &options->calls);
    case OPTION_LIFO: return take_order(POOL_LIFO, said, options);
    case OPTION_FIFO: return take_order(POOL_FIFO, said, options);
    case OPTION_NO_POOL: options->no_pool = true; return true;
    case OPTION_NAIVE: options->naive = true; return true;
    case OPTION_PAUSE: return option_seconds("--pause", value, &options->pause_ms);
    case OPTION_STEP: options->step = true; return true;
    case 't': return option_seconds("--timeout", value, &options->timeout_ms);
    case 'q': options->quiet = true; return true;
    default: return false; /* getopt has said what it does not know */
    }
}

/* Options that exclude each other. */
static bool fit_together(const struct pool_options *options, const struct said *said)
{
    if (options->no_pool && options->naive)
        report("--no-pool and --naive: without a pool nothing is handed out again");
    else if (options->no_pool && said->of_pool)
        report("--no-pool and --%s: without a pool it would set nothing", said->of_pool);
    else if (options->step && options->workers != 1)
        report("--step needs --workers 1: Enter is one worker's");
    else
        return true;
    return false;
}

/* HOST PORT */
static bool take_operands(int count, char **operands, struct pool_options *options)
{
    if (count < 2) {
        report("which %s? (--help tells more)", count == 0 ? "HOST and PORT" : "PORT");
        return false;
    }
    if (count > 2) {
        report("'%s' is one operand too many: HOST and PORT", operands[2]);
        return false;
    }
    options->host = operands[0];
    if (!option_port("port", operands[1], &options->port))
        return false;
    if (options->port == 0)
        report("port 0: no server can be there");
    return options->port != 0;
}

int parse_options(int argc, char **argv, struct pool_options *options)
{
    *options = (struct pool_options){
        .max = 4, .idle_ms = 30000, .wait_ms = -1, .workers = 4, .calls = 10, .timeout_ms = 10000};
    int option, index = 0;
    struct said said = {0};
    /* Options may stand behind HOST PORT as well: lessons/CONTRACT.md passes them there. */
    while ((option = getopt_long(argc, argv, "t:qh", long_options, &index)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option == OPTION_VERSION) {
            print_version();
            return EXIT_DONE;
        }
        if (!take_option(option, optarg, &said, options))
            return EXIT_USAGE;
        if (is_of_pool(option)) /* they have no short form, so `index` is theirs */
            said.of_pool = long_options[index].name;
    }
    if (!fit_together(options, &said))
        return EXIT_USAGE;
    return take_operands(argc - optind, argv + optind, options) ? -1 : EXIT_USAGE;
}

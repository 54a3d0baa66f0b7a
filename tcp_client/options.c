/* options.c: the command line of tcp_client. The calls that the lessons tell of stand in the other files. */
#include "options.h"

#include "common/option.h"
#include "common/report.h"

#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: tcp_client [options] HOST PORT [MESSAGE]\n"
    "Connects, sends MESSAGE's bytes (or standard input), half-closes, and writes what comes back to stdout.\n"
    "Each system call is told on stderr, with its result and the state that the kernel gives the socket.\n"
    "\n"
    "  -s, --step            wait for Enter before each call (with MESSAGE or --source)\n"
    "  -t, --timeout SECS    give up when connect takes, or a connection stands still, so long (default: never)\n"
    "      --hold SECS       keep the connection open so long before our FIN\n"
    "      --no-half-close   send no FIN before as many bytes have come back as were sent\n"
    "      --reset           the same, and then end with a reset instead of a FIN\n"
    "      --source N        send N bytes as fast as they go, reading nothing meanwhile, and tell where write blocked\n"
    "      --count N         N connections: all are opened, then each in turn sends, reads and closes\n"
    "      --local PORT      connect from this port of ours\n"
    "      --isn N           begin with this sequence number (Linux; needs CAP_NET_ADMIN, as on wire's hosts)\n"
    "      --rcvbuf BYTES    size of the receive buffer; the kernel doubles it\n"
    "      --sndbuf BYTES    size of the send buffer; the kernel doubles it\n"
    "  -q, --quiet           no narration\n"
    "  -h, --help            this text\n"
    "      --version         the version\n"
    "\n"
    "Options stand before HOST, so that MESSAGE may begin with a dash.\n"
    "Exit status 0: all was sent, and the server's end of file came. 1: the world refused; 2: wrong arguments.\n"
    "Example: tcp_client 127.0.0.1 7000 hello\n";

enum {
    OPTION_HOLD = 256,
    OPTION_NO_HALF_CLOSE,
    OPTION_RESET,
    OPTION_SOURCE,
    OPTION_COUNT,
    OPTION_LOCAL,
    OPTION_ISN,
    OPTION_RCVBUF,
    OPTION_SNDBUF,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"step", no_argument, NULL, 's'},
    {"timeout", required_argument, NULL, 't'},
    {"hold", required_argument, NULL, OPTION_HOLD},
    {"no-half-close", no_argument, NULL, OPTION_NO_HALF_CLOSE},
    {"reset", no_argument, NULL, OPTION_RESET},
    {"source", required_argument, NULL, OPTION_SOURCE},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"local", required_argument, NULL, OPTION_LOCAL},
    {"isn", required_argument, NULL, OPTION_ISN},
    {"rcvbuf", required_argument, NULL, OPTION_RCVBUF},
    {"sndbuf", required_argument, NULL, OPTION_SNDBUF},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, const char *value, struct client_options *options)
{
    switch (option) {
    case 's': options->step = true; return true;
    case 't': return option_seconds("--timeout", value, &options->timeout_ms);
    case OPTION_HOLD: return option_seconds("--hold", value, &options->hold_ms);
    case OPTION_NO_HALF_CLOSE: options->no_half_close = true; return true;
    case OPTION_RESET: options->reset = true; return true;
    case OPTION_SOURCE: return option_count("--source", value, 0, LLONG_MAX / 10, &options->source);
    case OPTION_COUNT: return option_int("--count", value, 1, 1000000, &options->count);
    case OPTION_LOCAL: return option_port("--local", value, &options->local_port);
    case OPTION_ISN: return option_count("--isn", value, 1, UINT32_MAX, &options->isn);
    case OPTION_RCVBUF: return option_int("--rcvbuf", value, 1, INT_MAX, &options->receive_buffer);
    case OPTION_SNDBUF: return option_int("--sndbuf", value, 1, INT_MAX, &options->send_buffer);
    case 'q': options->quiet = true; return true;
    default: return false; /* getopt has said what it does not know */
    }
}

/* HOST PORT [MESSAGE] */
static bool take_operands(int count, char **operands, struct client_options *options)
{
    if (count < 2) {
        report(count == 0 ? "which HOST and PORT? (--help tells more)" : "which PORT? (--help tells more)");
        return false;
    }
    if (count > 3) {
        report("one MESSAGE, please: '%s' is too much (quote a message of several words; options stand before HOST)",
               operands[3]);
        return false;
    }
    options->host = operands[0];
    options->message = operands[2];
    if (!option_port("port", operands[1], &options->port))
        return false;
    if (options->port == 0)
        report("port 0: no server can be there");
    return options->port != 0;
}

/* Options that contradict each other. */
static bool options_agree(const struct client_options *options)
{
    bool own_bytes = options->message || options->source >= 0;
    if (options->message && options->source >= 0)
        report("MESSAGE and --source: one of them says what to send");
    else if (options->step && options->quiet)
        report("--step and --quiet: stepping shows each call");
    else if (options->step && !own_bytes)
        report("--step reads Enter from standard input: say with MESSAGE or --source what to send");
    else if (options->count > 1 && !own_bytes)
        report("--count %d: standard input can be sent once only; give a MESSAGE or --source", options->count);
    else if (options->count > 1 && options->local_port)
        report("--count %d and --local: a port of ours and the server's make one connection, not more", options->count);
    else if (options->reset && options->no_half_close)
        report("--reset and --no-half-close: one connection ends in one way");
    else
        return true;
    return false;
}

int parse_options(int argc, char **argv, struct client_options *options)
{
    *options = (struct client_options){.source = -1, .timeout_ms = -1, .count = 1};
    int option;
    while ((option = getopt_long(argc, argv, "+st:qh", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option == OPTION_VERSION) {
            print_version();
            return EXIT_DONE;
        }
        if (!take_option(option, optarg, options))
            return EXIT_USAGE;
    }
    if (!take_operands(argc - optind, argv + optind, options) || !options_agree(options))
        return EXIT_USAGE;
    return -1;
}

/* options.c: the command line of udp_echo. The calls that lesson 06 tells of stand in server.c and client.c. */
#include "options.h"

#include "common/option.h"
#include "common/report.h"
#include "probe.h"

#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>

/* Enough for a class behind one address, and too little for two echo servers that answer each other. */
enum { DEFAULT_RATE = 1000 };

static const char usage[] =
    "usage: udp_echo [options] -l PORT\n"
    "       udp_echo [options] HOST PORT MESSAGE\n"
    "       udp_echo [options] --count N HOST PORT\n"
    "The server (-l) sends each datagram back to whom it came from; one socket serves all clients.\n"
    "The client sends MESSAGE as one datagram and prints the answer, or sends numbered datagrams and counts.\n"
    "Each system call is told with its result.\n"
    "\n"
    "The server:\n"
    "  -l, --listen PORT     receive on PORT (0: any free one)\n"
    "  -b, --bind ADDR       ... of the address ADDR (default 127.0.0.1; 0.0.0.0 or :: for every address)\n"
    "      --buffer BYTES    room for one datagram (default %d); what is longer is cut off\n"
    "      --rate N          answers to one address in a second (default %d; 0: no limit)\n"
    "      --max N           end after N datagrams\n"
    "The client:\n"
    "  -t, --timeout SECS    how long to wait for the answer to each try (default 1)\n"
    "      --tries N         how often to send MESSAGE (default 3)\n"
    "      --local PORT      send from this port of ours\n"
    "      --count N         send N numbered datagrams; then a summary: lost, out of order, duplicated, round trips\n"
    "      --interval SECS   ... one each SECS (default 1; 0: as fast as they go)\n"
    "      --size BYTES      ... of so many bytes (default %d, at least %d)\n"
    "      --json            ... with the summary as JSON\n"
    "Both:\n"
    "  -s, --step            wait for Enter before each call (not with --count)\n"
    "  -q, --quiet           no narration\n"
    "  -h, --help            this text\n"
    "      --version         the version\n"
    "\n"
    "Options stand before HOST, so that MESSAGE may begin with a dash.\n"
    "SIGINT or SIGTERM ends the server with exit status 0, and --count with its summary.\n"
    "Exit status 0: an answer came. 1: none did, or the world refused; 2: wrong arguments.\n"
    "Example: udp_echo -l 7000      then, in another terminal: udp_echo 127.0.0.1 7000 hello\n";

enum {
    OPTION_BUFFER = 256,
    OPTION_RATE,
    OPTION_MAX,
    OPTION_TRIES,
    OPTION_LOCAL,
    OPTION_COUNT,
    OPTION_INTERVAL,
    OPTION_SIZE,
    OPTION_JSON,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"listen", required_argument, NULL, 'l'},
    {"bind", required_argument, NULL, 'b'},
    {"buffer", required_argument, NULL, OPTION_BUFFER},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"max", required_argument, NULL, OPTION_MAX},
    {"timeout", required_argument, NULL, 't'},
    {"tries", required_argument, NULL, OPTION_TRIES},
    {"local", required_argument, NULL, OPTION_LOCAL},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"step", no_argument, NULL, 's'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Which options were given that not every form of the command takes; NULL = none. */
struct given {
    const char *server_only, *client_only, *message_only, *count_only;
};

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, const char *value, struct echo_options *options, struct given *given)
{
    switch (option) {
    case 'l': options->server = true; return option_port("port", value, &options->port);
    case 'b': options->host = value, given->server_only = "--bind"; return true;
    case OPTION_BUFFER:
        given->server_only = "--buffer";
        return option_int("--buffer", value, 1, BUFFER_SIZE, &options->buffer);
    case OPTION_RATE: given->server_only = "--rate"; return option_int("--rate", value, 0, 1000000000, &options->rate);
    case OPTION_MAX:
        given->server_only = "--max";
        return option_count("--max", value, 1, LLONG_MAX / 10, &options->max_datagrams);
    case 't': given->client_only = "--timeout"; return option_seconds("--timeout", value, &options->timeout_ms);
    case OPTION_TRIES:
        given->message_only = "--tries";
        return option_int("--tries", value, 1, 1000000, &options->tries);
    case OPTION_LOCAL: given->client_only = "--local"; return option_port("--local", value, &options->local_port);
    case OPTION_COUNT:
        given->client_only = "--count";
        return option_int("--count", value, 1, MOST_PROBES, &options->count);
    case OPTION_INTERVAL:
        given->count_only = "--interval";
        return option_seconds("--interval", value, &options->interval_ms);
    case OPTION_SIZE:
        given->count_only = "--size";
        return option_int("--size", value, SMALLEST_PROBE, LARGEST_IPV4, &options->size);
    case OPTION_JSON:
        given->count_only = "--json";
        options->json = true;
        return true;
    case 's': options->step = true; return true;
    case 'q': options->quiet = true; return true;
    default: return false; /* getopt has said what it does not know */
    }
}

/* What stands behind the options: nothing for the server; HOST PORT MESSAGE, or HOST PORT with --count. */
static bool take_operands(int count, char **operands, struct echo_options *options)
{
    int wanted = options->server ? 0 : options->count ? 2 : 3;
    if (count < wanted) {
        report(count == 0   ? "-l PORT, or which HOST, PORT and MESSAGE? (--help tells more)"
               : count == 1 ? "which PORT? (--help tells more)"
                            : "which MESSAGE, or how many (--count)? (--help tells more)");
        return false;
    }
    if (count > wanted) {
        report(options->server ? "-l PORT is all a server needs: '%s' is too much"
               : options->count
                   ? "--count: the payload is made by us, '%s' is too much"
                   : "one MESSAGE, please: '%s' is too much (quote several words; options stand before HOST)",
               operands[wanted]);
        return false;
    }
    if (options->server)
        return true;
    options->host = operands[0];
    options->message = options->count ? NULL : operands[2];
    if (!option_port("port", operands[1], &options->port))
        return false;
    if (options->port == 0)
        report("port 0: no server can be there");
    return options->port != 0;
}

/* Options that contradict each other. */
static bool options_agree(const struct echo_options *options, const struct given *given)
{
    const char *of_client = given->client_only    ? given->client_only
                            : given->message_only ? given->message_only
                                                  : given->count_only;
    if (options->server && of_client)
        report("%s is for the client, -l makes a server", of_client);
    else if (!options->server && given->server_only)
        report("%s is for the server: -l PORT", given->server_only);
    else if (options->count && given->message_only)
        report("%s and --count: numbered datagrams are sent once each", given->message_only);
    else if (!options->server && !options->count && given->count_only)
        report("%s needs --count", given->count_only);
    else if (options->step && options->quiet)
        report("--step and --quiet: stepping shows each call");
    else if (options->step && options->count)
        report("--step and --count: the round trips would be those of the Enter key");
    else
        return true;
    return false;
}

int parse_options(int argc, char **argv, struct echo_options *options)
{
    struct given given = {NULL, NULL, NULL, NULL};
    *options = (struct echo_options){.host = "127.0.0.1",
                                     .buffer = BUFFER_SIZE,
                                     .rate = DEFAULT_RATE,
                                     .timeout_ms = 1000,
                                     .tries = 3,
                                     .interval_ms = 1000,
                                     .size = USUAL_PROBE};
    int option;
    while ((option = getopt_long(argc, argv, "+l:b:t:sqh", long_options, NULL)) != -1) {
        if (option == 'h') {
            printf(usage, BUFFER_SIZE, DEFAULT_RATE, USUAL_PROBE, SMALLEST_PROBE);
            return EXIT_DONE;
        }
        if (option == OPTION_VERSION) {
            print_version();
            return EXIT_DONE;
        }
        if (!take_option(option, optarg, options, &given))
            return EXIT_USAGE;
    }
    if (!options_agree(options, &given) || !take_operands(argc - optind, argv + optind, options))
        return EXIT_USAGE;
    return -1;
}

/* options.c: the command line of file_recv. */
#include "options.h"

#include "common/option.h"
#include "common/report.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>

static const char usage[] =
    "usage: file_recv [options] PORT\n"
    "Receives files by the \"ok\" protocol (lessons 09 and 10) and puts each under its name when it is whole:\n"
    "a file of which half has come never gets that name. PORT 0 is any free one.\n"
    "\n"
    "  -b, --bind ADDR        listen on ADDR (default 127.0.0.1; 0.0.0.0 or :: for every address)\n"
    "  -d, --directory DIR    put files into DIR (default: the working directory)\n"
    "      --once             end after one transfer: 0 if its file is there under its name, else 1\n"
    "      --overwrite        replace a file of that name (default: the transfer is refused)\n"
    "      --classic          believe a sender that is gone after its last byte, as classic senders are; one that\n"
    "                         was killed looks the same (default: its file is kept as NAME.unconfirmed)\n"
    "      --max-size BYTES   refuse files that are larger\n"
    "      --max-senders N    so many at once, the others wait (default 1000)\n"
    "  -t, --timeout SECS     end a transfer on which nothing moves for so long (default 60)\n"
    "      --name-wait MS     take what comes until it is quiet for so long as the name (default: the first read)\n"
    "      --buffer BYTES     read so many bytes at once, at most (default 1 MiB)\n"
    "      --json             an object a transfer\n"
    "  -q, --quiet            print nothing but the line \"listening on\" and errors\n"
    "  -h, --help             this text\n"
    "      --version          the version\n"
    "\n"
    "SIGINT or SIGTERM ends it with exit status 0. Exit status 1: the world refused; 2: wrong arguments.\n"
    "Example: file_recv -d inbox 7000      then, in another terminal: file_send 127.0.0.1 7000 letter.txt\n";

enum {
    OPTION_ONCE = 256,
    OPTION_OVERWRITE,
    OPTION_CLASSIC,
    OPTION_MAX_SIZE,
    OPTION_MAX_SENDERS,
    OPTION_NAME_WAIT,
    OPTION_BUFFER,
    OPTION_JSON,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"bind", required_argument, NULL, 'b'},
    {"directory", required_argument, NULL, 'd'},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"overwrite", no_argument, NULL, OPTION_OVERWRITE},
    {"classic", no_argument, NULL, OPTION_CLASSIC},
    {"max-size", required_argument, NULL, OPTION_MAX_SIZE},
    {"max-senders", required_argument, NULL, OPTION_MAX_SENDERS},
    {"timeout", required_argument, NULL, 't'},
    {"name-wait", required_argument, NULL, OPTION_NAME_WAIT},
    {"buffer", required_argument, NULL, OPTION_BUFFER},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, const char *value, struct recv_options *options)
{
    switch (option) {
    case 'b': options->bind_host = value; return true;
    case 'd': options->directory = value; return true;
    case OPTION_ONCE: options->once = true; return true;
    case OPTION_OVERWRITE: options->overwrite = true; return true;
    case OPTION_CLASSIC: options->classic = true; return true;
    case OPTION_MAX_SIZE: return option_count("--max-size", value, 0, LLONG_MAX / 2, &options->max_size);
    case OPTION_MAX_SENDERS: return option_int("--max-senders", value, 1, 10000, &options->max_senders);
    case 't': return option_seconds("--timeout", value, &options->timeout_ms);
    case OPTION_NAME_WAIT: return option_int("--name-wait", value, 0, 60000, &options->name_wait_ms);
    case OPTION_BUFFER: return option_int("--buffer", value, 1, 1 << 30, &options->buffer);
    case OPTION_JSON: options->json = true; return true;
    case 'q': options->quiet = true; return true;
    default: return false; /* getopt has said what it does not know */
    }
}

int parse_options(int argc, char **argv, struct recv_options *options)
{
    *options = (struct recv_options){
        .bind_host = "127.0.0.1",
        .directory = ".",
        .max_size = -1,
        .timeout_ms = 60000,
        .max_senders = 1000,
        .buffer = 1024 * 1024,
    };
    int option;
    while ((option = getopt_long(argc, argv, "b:d:t:qh", long_options, NULL)) != -1) {
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
    if (argc - optind != 1) {
        if (argc == optind)
            report("which PORT? (--help tells more)");
        else
            report("one PORT, please: '%s' is too much", argv[optind + 1]);
        return EXIT_USAGE;
    }
    if (options->json && options->quiet) {
        report("--json and --quiet: one wants a line a transfer, the other none");
        return EXIT_USAGE;
    }
    return option_port("port", argv[optind], &options->port) ? -1 : EXIT_USAGE;
}

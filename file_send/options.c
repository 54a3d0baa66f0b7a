/* options.c: the command line of file_send. */
#include "options.h"

#include "common/option.h"
#include "common/report.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: file_send [options] HOST PORT FILE...\n"
    "Sends files by the \"ok\" protocol (lessons 09 and 10), a connection each, and waits for the receiver's word "
    "that\n"
    "all is on its disk.\n"
    "\n"
    "      --classic         a receiver that gives no such word, as classic ones, is good enough\n"
    "      --copy HOW        sendfile (default), or read: the lesson's loop of read and write\n"
    "      --buffer BYTES    the buffer of that loop (default 4096)\n"
    "  -t, --timeout SECS    give up when the receiver is silent for so long (default 10)\n"
    "      --confirm SECS    how long it may take to put all on its disk (default 60)\n"
    "      --json            an object a file\n"
    "  -q, --quiet           no line a file, no progress\n"
    "  -h, --help            this text\n"
    "      --version         the version\n"
    "\n"
    "Exit status 0: every byte of every file is on the other side's disk, under its name. 3: all is sent, and a\n"
    "receiver did not confirm it (a classic one?). 1: a file or the world refused; 2: wrong arguments.\n"
    "Example: file_send 127.0.0.1 7000 letter.txt\n";

enum { OPTION_CLASSIC = 256, OPTION_COPY, OPTION_BUFFER, OPTION_CONFIRM, OPTION_JSON, OPTION_VERSION };

static const struct option long_options[] = {
    {"classic", no_argument, NULL, OPTION_CLASSIC},
    {"copy", required_argument, NULL, OPTION_COPY},
    {"buffer", required_argument, NULL, OPTION_BUFFER},
    {"timeout", required_argument, NULL, 't'},
    {"confirm", required_argument, NULL, OPTION_CONFIRM},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static bool take_copy(const char *value, struct send_options *options)
{
    options->copy_read = strcmp(value, "read") == 0;
    if (!options->copy_read && strcmp(value, "sendfile") != 0) {
        report("--copy '%s': there are sendfile and read", value);
        return false;
    }
    return true;
}

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, const char *value, struct send_options *options)
{
    switch (option) {
    case OPTION_CLASSIC: options->classic = true; return true;
    case OPTION_COPY: return take_copy(value, options);
    case OPTION_BUFFER: return option_int("--buffer", value, 1, 1 << 30, &options->buffer);
    case 't': return option_seconds("--timeout", value, &options->timeout_ms);
    case OPTION_CONFIRM: return option_seconds("--confirm", value, &options->confirm_ms);
    case OPTION_JSON: options->json = true; return true;
    case 'q': options->quiet = true; return true;
    default: return false; /* getopt has said what it does not know */
    }
}

/* HOST PORT FILE... */
static bool take_operands(int count, char **operands, struct send_options *options)
{
    static const char *const missing[] = {"HOST, PORT and FILE", "PORT and FILE", "FILE"};
    if (count < 3) {
        report("which %s? (--help tells more)", missing[count]);
        return false;
    }
    options->host = operands[0];
    options->files = operands + 2;
    options->file_count = count - 2;
    if (!option_port("port", operands[1], &options->port))
        return false;
    if (options->port == 0)
        report("port 0: no receiver can be there");
    return options->port != 0;
}

int parse_options(int argc, char **argv, struct send_options *options)
{
    *options = (struct send_options){.timeout_ms = 10000, .confirm_ms = 60000};
    int option;
    while ((option = getopt_long(argc, argv, "+t:qh", long_options, NULL)) != -1) {
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
    if (options->buffer && !options->copy_read) {
        report("--buffer is that of --copy read");
        return EXIT_USAGE;
    }
    if (options->buffer == 0)
        options->buffer = 4096;
    return take_operands(argc - optind, argv + optind, options) ? -1 : EXIT_USAGE;
}

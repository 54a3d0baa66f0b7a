/* tcpstate: the kernel's TCP sockets and their states: listed, followed, drawn, held, toured, explained.
 *
 *     tcpstate 7000          tcpstate watch 7000          tcpstate hold CLOSE_WAIT
 *
 * This file only chooses the subcommand; each has a file of its own (commands.h). Lesson 04.
 */
#include "commands.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What is printed is kept here until await_flush(), so that a signal can end it; larger than any figure. */
static char output[256 * 1024];

static const struct subcommand {
    const char *name;
    command_fn *run;
    bool waits; /* in await(), for which signals are blocked; the others end by a signal wherever they are */
    const char *purpose;
} subcommands[] = {
    {"list", list_command, false, "the sockets as netstat -antW prints them (what tcpstate does without a COMMAND)"},
    {"watch", watch_command, true, "every change of state, as it happens"},
    {"wait", wait_command, true, "until a socket is in a state"},
    {"diagram", diagram_command, true, "RFC 9293's state diagram; with --port a live one"},
    {"hold", hold_command, true, "a real socket in any state, and it stays there"},
    {"tour", tour_command, true, "real connections through every path"},
    {"explain", explain_command, false, "what a state means, and what to suspect when there are many"},
};
enum { SUBCOMMAND_COUNT = sizeof subcommands / sizeof subcommands[0] };

static void print_usage(void)
{
    printf("usage: tcpstate [COMMAND] [options] ...\n"
           "The kernel's TCP sockets and their states. COMMAND:\n\n");
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        printf("  %-8s  %s\n", subcommands[i].name, subcommands[i].purpose);
    printf("\n"
           "  -h, --help     this text; tcpstate COMMAND --help tells more\n"
           "      --version  the version\n"
           "\n"
           "Example: tcpstate 7000      the sockets of port 7000, as netstat -ant | grep 7000\n");
}

static const struct subcommand *find_subcommand(const char *name)
{
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        if (strcmp(subcommands[i].name, name) == 0)
            return &subcommands[i];
    return NULL;
}

/* What could not be written was not done. EPIPE: whoever read our lines has seen enough, and that needs no word. */
static int flushed(int status)
{
    if (status != EXIT_DONE || (await_flush() == 0 && !ferror(stdout)) || stop_signal())
        return status;
    if (errno != EPIPE)
        report_errno("write standard output");
    return EXIT_WORLD;
}

int main(int argc, char **argv)
{
    report_as("tcpstate");
    keep_standard_descriptors();
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        print_usage();
        return EXIT_DONE;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        print_version();
        return EXIT_DONE;
    }
    const struct subcommand *chosen = argc > 1 ? find_subcommand(argv[1]) : NULL;
    if (chosen == NULL)
        return list_command(argc, argv); /* no COMMAND: options and filter of a listing */
    if (chosen->waits) {
        await_stop_signals();
        setvbuf(stdout, output, _IOFBF, sizeof output);
    }
    argv[1] = argv[0]; /* the name with which getopt begins its complaints */
    return flushed(chosen->run(argc - 1, argv + 1));
}

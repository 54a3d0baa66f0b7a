/* options.c: the command line of wire; `wire sh` and `wire netstat` have their own in join.c. */
#include "options.h"

#include "common/option.h"
#include "common/report.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: wire [options] [--server COMMAND]... [--client COMMAND]...\n"
    "       wire [options] FILE.wire...\n"
    "       wire sh HOST [COMMAND [ARG]...]\n"
    "       wire netstat HOST [ARG]...\n"
    "Makes two hosts on this machine, client 10.0.0.1 and server 10.0.0.2 (IPv6: fd00::1, fd00::2), runs a command on\n"
    "each, and holds every packet between them: you deliver it, or drop it, and see both kernels' states change.\n"
    "No root is needed. Without commands: tcp_server, and a tcp_client that has \"hello\" echoed.\n"
    "\n"
    "  -s, --server COMMAND   run it on the server (again: another one)\n"
    "  -c, --client COMMAND   run it on the client, once the server listens\n"
    "      --step             a key for each packet (default on a terminal)\n"
    "      --play[=SECS]      each packet goes on by itself after SECS (default 1); a script goes on as slowly\n"
    "      --free             each packet goes on at once (default elsewhere, and on a bad network)\n"
    "      --quiz             before each delivery: which state comes next? (--json keeps the answers)\n"
    "      --own-timers       while you step, let the kernel repeat what you hold (default: it waits for you)\n"
    "  A bad network, the same in each run with the same seed (implies --free):\n"
    "      --delay MS  --jitter MS  --loss PCT  --duplicate PCT  --reorder PCT  --rate BITS/S (k, M, G)  --seed N\n"
    "  What is written:\n"
    "      --json[=FILE]      each event as a line of JSON, in FILE, or instead of the ladder\n"
    "      --svg FILE         the ladder as a figure        --pcap FILE   the packets, for Wireshark (pcapng)\n"
    "      --coverage         at the end, the state diagram and what of it was seen\n"
    "  -q, --quiet            no ladder, and nothing of what the programs print\n"
    "      --ascii            no line-drawing characters\n"
    "  -h, --help             this text\n"
    "      --version          the version\n"
    "\n"
    "From another terminal, while it runs: wire sh server, wire netstat client.\n"
    "Exit status 0: all went as it should; 1: a command or a script failed, or there can be no hosts; 2: wrong "
    "arguments.\n"
    "Example: wire --server 'tcp_server -b 10.0.0.2 7000' --client 'tcp_client 10.0.0.2 7000 hello'\n";

enum {
    OPTION_STEP = 256,
    OPTION_PLAY,
    OPTION_FREE,
    OPTION_QUIZ,
    OPTION_OWN_TIMERS,
    OPTION_DELAY,
    OPTION_JITTER,
    OPTION_LOSS,
    OPTION_DUPLICATE,
    OPTION_REORDER,
    OPTION_RATE,
    OPTION_SEED,
    OPTION_JSON,
    OPTION_SVG,
    OPTION_PCAP,
    OPTION_COVERAGE,
    OPTION_ASCII,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"server", required_argument, NULL, 's'},
    {"client", required_argument, NULL, 'c'},
    {"step", no_argument, NULL, OPTION_STEP},
    {"play", optional_argument, NULL, OPTION_PLAY},
    {"free", no_argument, NULL, OPTION_FREE},
    {"quiz", no_argument, NULL, OPTION_QUIZ},
    {"own-timers", no_argument, NULL, OPTION_OWN_TIMERS},
    {"delay", required_argument, NULL, OPTION_DELAY},
    {"jitter", required_argument, NULL, OPTION_JITTER},
    {"loss", required_argument, NULL, OPTION_LOSS},
    {"duplicate", required_argument, NULL, OPTION_DUPLICATE},
    {"reorder", required_argument, NULL, OPTION_REORDER},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"json", optional_argument, NULL, OPTION_JSON},
    {"svg", required_argument, NULL, OPTION_SVG},
    {"pcap", required_argument, NULL, OPTION_PCAP},
    {"coverage", no_argument, NULL, OPTION_COVERAGE},
    {"quiet", no_argument, NULL, 'q'},
    {"ascii", no_argument, NULL, OPTION_ASCII},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* What was said so far, besides the options themselves. */
struct said {
    bool pace, bad_network;
};

static bool take_command(enum host_id host, const char *text, struct wire_options *options)
{
    const int room = sizeof options->commands[host] / sizeof options->commands[host][0];
    if (options->command_count[host] == room) {
        report("--%s: more than %d commands", host_name(host), room);
        return false;
    }
    if (text[strspn(text, " \t\n")] == '\0') {
        report("--%s: an empty command", host_name(host));
        return false;
    }
    options->commands[host][options->command_count[host]++] = text;
    return true;
}

/* Milliseconds, "0.5" too, in microseconds. */
static bool take_ms(const char *name, const char *text, struct said *said, long long *us)
{
    char *end;
    double ms = strtod(text, &end);
    if (end == text || *end || !(ms >= 0 && ms <= 60000)) {
        report("%s '%s': milliseconds, 0 to 60000", name, text);
        return false;
    }
    *us = (long long)(ms * 1000);
    said->bad_network = true;
    return true;
}

static bool take_percent(const char *name, const char *text, struct said *said, double *percent)
{
    char *end;
    *percent = strtod(text, &end);
    if (end != text && *end == '%')
        end++;
    if (end == text || *end || !(*percent >= 0 && *percent <= 100)) {
        report("%s '%s': a percentage, 0 to 100", name, text);
        return false;
    }
    said->bad_network = true;
    return true;
}

/* Bits per second: 64000, 64k, 10M, 1G. */
static bool take_rate(const char *text, struct said *said, long long *bits)
{
    char *end;
    double number = strtod(text, &end);
    double unit = *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : *end == 'G' ? 1e9 : 1;
    if (end == text || (unit > 1 && end[1]) || (unit <= 1 && *end) ||
        !(number * unit >= 1000 && number * unit <= 1e11)) {
        report("--rate '%s': bits per second, 1k to 100G", text);
        return false;
    }
    *bits = (long long)(number * unit);
    said->bad_network = true;
    return true;
}

static bool take_pace(enum pace pace, struct said *said, struct wire_options *options)
{
    if (said->pace && options->pace != pace)
        report("--step, --play and --free: one of them");
    bool agrees = !said->pace || options->pace == pace;
    said->pace = true;
    options->pace = pace;
    return agrees;
}

static bool take_network_option(int option, const char *value, struct said *said, struct bad_network *network)
{
    long long seed = 0;
    switch (option) {
    case OPTION_DELAY: return take_ms("--delay", value, said, &network->delay_us);
    case OPTION_JITTER: return take_ms("--jitter", value, said, &network->jitter_us);
    case OPTION_LOSS: return take_percent("--loss", value, said, &network->loss_percent);
    case OPTION_DUPLICATE: return take_percent("--duplicate", value, said, &network->duplicate_percent);
    case OPTION_REORDER: return take_percent("--reorder", value, said, &network->reorder_percent);
    case OPTION_RATE: return take_rate(value, said, &network->rate_bits);
    case OPTION_SEED:
        if (!option_count("--seed", value, 0, LLONG_MAX / 4, &seed))
            return false;
        network->seed = (uint64_t)seed;
        return true;
    default: return false; /* getopt has said what it does not know */
    }
}

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, const char *value, struct said *said, struct wire_options *options)
{
    switch (option) {
    case 's': return take_command(SERVER, value, options);
    case 'c': return take_command(CLIENT, value, options);
    case OPTION_STEP: return take_pace(PACE_STEP, said, options);
    case OPTION_FREE: return take_pace(PACE_FREE, said, options);
    case OPTION_PLAY:
        return take_pace(PACE_PLAY, said, options) && (!value || option_seconds("--play", value, &options->play_ms));
    case OPTION_QUIZ: options->quiz = true; return true;
    case OPTION_OWN_TIMERS: options->own_timers = true; return true;
    case OPTION_JSON: options->json = value ? value : "-"; return true;
    case OPTION_SVG: options->svg = value; return true;
    case OPTION_PCAP: options->capture = value; return true;
    case OPTION_COVERAGE: options->coverage = true; return true;
    case 'q': options->quiet = true; return true;
    case OPTION_ASCII: options->ascii = true; return true;
    default: return take_network_option(option, value, said, &options->network);
    }
}

/* Options that contradict each other, and what follows from the others. */
static bool settle(struct wire_options *options, const struct said *said)
{
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    options->network.on = said->bad_network;
    if (!said->pace)
        options->pace = said->bad_network || json_on_output(options) || options->quiet || !terminal ? PACE_FREE
                                                                                                    : PACE_STEP;
    if (options->quiz && !said->pace)
        options->pace = PACE_STEP;
    const char *name = getenv("TERM");
    options->screen = options->pace == PACE_STEP && terminal && name && *name && strcmp(name, "dumb") != 0 &&
                      !json_on_output(options) && !options->quiet;
    if (said->bad_network && options->pace != PACE_FREE)
        report("a bad network decides by itself what happens to a packet: not with --step, --play or --quiz");
    else if (options->quiz && options->pace != PACE_STEP)
        report("--quiz goes step by step: not with --play or --free");
    else if (options->script_count > 0 &&
             ((said->pace && options->pace != PACE_PLAY) || said->bad_network || options->quiz))
        report("a script says itself what happens to each packet: no --step, --free, --quiz or bad network");
    else if (options->script_count > 0 && (options->command_count[CLIENT] || options->command_count[SERVER]))
        report("a script says itself what runs: no --server and --client");
    else if (options->script_count > 1 &&
             (options->svg || options->capture || (options->json && !json_on_output(options))))
        report("--svg, --pcap and --json=FILE write one file: of one script");
    else if (options->coverage && json_on_output(options))
        report("--coverage draws where --json writes, on standard output: --json=FILE");
    else if (options->quiz && json_on_output(options) && isatty(STDOUT_FILENO))
        report("--quiz asks where --json writes, on this terminal: --json=FILE");
    else
        return true;
    return false;
}

int parse_options(int argc, char **argv, struct wire_options *options)
{
    struct said said = {false, false};
    *options = (struct wire_options){.play_ms = 1000, .network = {.seed = 1}};
    int option;
    while ((option = getopt_long(argc, argv, "s:c:qh", long_options, NULL)) != -1) {
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
    }
    options->scripts = argv + optind;
    options->script_count = argc - optind;
    return settle(options, &said) ? -1 : EXIT_USAGE;
}

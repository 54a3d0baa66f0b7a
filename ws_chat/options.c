/* options.c: the command line of ws_chat. What a configuration file can say is set by the same function. */
#include "options.h"

#include "common/option.h"
#include "common/report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char usage[] =
    "usage: ws_chat [options] [PORT]\n"
    "       ws_chat --connect ws://HOST:PORT/ws [-q] [--trace]\n"
    "A chat room over WebSocket (RFC 6455) on PORT (default 9999; 0: any free one): http://ADDR:PORT/ is its page, a\n"
    "path that ends in /ws is upgraded. Tells who comes and goes, with the state that the kernel gives the socket.\n"
    "\n"
    "  -b, --bind ADDR           listen on ADDR (default 127.0.0.1; 0.0.0.0 or :: for every address)\n"
    "  -c, --config FILE         lines such as \"port = 9999\"; the words are the options below, and bind, port\n"
    "      --origin URL          pages from there may connect too, \"http://example.org\"; may be repeated\n"
    "      --clients N           so many connections at once (default 10000); more are answered 503\n"
    "      --message BYTES       the longest message that is taken (default 65536)\n"
    "      --headers BYTES       the longest head of a request that is taken (default 8192)\n"
    "      --queue BYTES         what may wait for one client (default 262144)\n"
    "      --slow POLICY         when more would wait: evict it (default), drop the message, or block everybody\n"
    "      --header-timeout SECS for a whole request (default 10)\n"
    "      --ping SECS           ask who is silent so long, end it after as long again (default 30; 0: never)\n"
    "      --close-timeout SECS  wait so long for the other end's part of the closing (default 2)\n"
    "      --connect URL         be a client in the room there: each line of input is a message, or a command: /name,\n"
    "                            /msg, /who, /leave; what others say goes to stdout; end of input closes\n"
    "      --trace               print each frame: way, FIN, opcode, mask, length, payload\n"
    "  -q, --quiet               print nothing but the line \"listening on\"; with --connect, but what others say\n"
    "  -h, --help                this text\n"
    "      --version             the version\n"
    "\n"
    "SIGINT or SIGTERM ends it with exit status 0. Exit status 1: the world refused; 2: wrong arguments.\n"
    "Example: ws_chat      then open http://127.0.0.1:9999/ in two windows of a browser\n";

enum { OPTION_SET = 256, OPTION_VERSION, OPTION_CONNECT, OPTION_TRACE };

static const struct option long_options[] = {
    {"bind", required_argument, NULL, 'b'},
    {"config", required_argument, NULL, 'c'},
    {"origin", required_argument, NULL, OPTION_SET},
    {"clients", required_argument, NULL, OPTION_SET},
    {"message", required_argument, NULL, OPTION_SET},
    {"headers", required_argument, NULL, OPTION_SET},
    {"queue", required_argument, NULL, OPTION_SET},
    {"slow", required_argument, NULL, OPTION_SET},
    {"header-timeout", required_argument, NULL, OPTION_SET},
    {"ping", required_argument, NULL, OPTION_SET},
    {"close-timeout", required_argument, NULL, OPTION_SET},
    {"connect", required_argument, NULL, OPTION_CONNECT},
    {"trace", no_argument, NULL, OPTION_TRACE},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static bool add_origin(const char *shown, const char *value, struct chat_options *options)
{
    size_t scheme = strncasecmp(value, "http://", 7) == 0 ? 7 : strncasecmp(value, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0 || value[scheme] == '\0' || strchr(value + scheme, '/') != NULL)
        report("%s '%s': an origin is http://HOST[:PORT] or https://HOST[:PORT], no more", shown, value);
    else if (options->origin_count == ORIGINS_MAX)
        report("%s '%s': that is more than %d", shown, value, ORIGINS_MAX);
    else
        options->origins[options->origin_count++] = value;
    return options->origin_count > 0 && options->origins[options->origin_count - 1] == value;
}

static bool set_slow(const char *shown, const char *value, struct chat_options *options)
{
    static const char *const policies[] = {"evict", "drop", "block"};
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (strcmp(value, policies[i]) == 0) {
            options->slow = (enum slow_policy)i;
            return true;
        }
    }
    report("%s '%s': there are evict, drop and block", shown, value);
    return false;
}

bool set_option(const char *word, const char *shown, const char *value, struct chat_options *options, bool *known)
{
    enum { MEGABYTE = 1 << 20 };
    const struct {
        const char *word;
        int min, max, *value;
    } counts[] = {
        {"clients", 1, 1000000, &options->clients},
        {"message", 1, 64 * MEGABYTE, &options->message_bytes},
        {"headers", 256, MEGABYTE, &options->head_bytes},
        {"queue", 1024, 1024 * MEGABYTE - 1, &options->queue_bytes},
    };
    *known = true;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (strcmp(word, counts[i].word) == 0)
            return option_int(shown, value, counts[i].min, counts[i].max, counts[i].value);
    if (strcmp(word, "header-timeout") == 0)
        return option_seconds(shown, value, &options->head_ms);
    if (strcmp(word, "ping") == 0)
        return option_seconds(shown, value, &options->ping_ms);
    if (strcmp(word, "close-timeout") == 0)
        return option_seconds(shown, value, &options->close_ms);
    if (strcmp(word, "port") == 0)
        return option_port(shown, value, &options->port);
    if (strcmp(word, "origin") == 0)
        return add_origin(shown, value, options);
    if (strcmp(word, "slow") == 0)
        return set_slow(shown, value, options);
    *known = strcmp(word, "bind") == 0;
    if (*known)
        options->bind_host = value;
    return *known;
}

/* Takes one option. Returns whether its value is good; a bad one has been reported. */
static bool take_option(int option, int index, const char *value, struct chat_options *options)
{
    char shown[32];
    bool known;
    switch (option) {
    case 'b': options->bind_host = value; return true;
    case 'c': return true; /* read before the others: they count more */
    case 'q': options->quiet = true; return true;
    case OPTION_CONNECT: options->connect = value; return true;
    case OPTION_TRACE: options->trace = true; return true;
    case OPTION_SET:
        snprintf(shown, sizeof shown, "--%s", long_options[index].name);
        return set_option(long_options[index].name, shown, value, options, &known);
    default: return false; /* getopt has said what it does not know */
    }
}

/* Returns -1 to go on, or the exit status. With `looking_for_config` only -c, --help and --version are acted upon. */
static int walk(int argc, char **argv, struct chat_options *options, bool looking_for_config)
{
    int option, index = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "b:c:qh", long_options, &index)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option == OPTION_VERSION) {
            print_version();
            return EXIT_DONE;
        }
        if (option == '?')
            return EXIT_USAGE;
        if (looking_for_config && option == 'c')
            options->config = optarg;
        if (!looking_for_config && !take_option(option, index, optarg, options))
            return EXIT_USAGE;
    }
    return -1;
}

int parse_options(int argc, char **argv, struct chat_options *options)
{
    *options = (struct chat_options){.bind_host = "127.0.0.1",
                                     .port = 9999,
                                     .clients = 10000,
                                     .message_bytes = 65536,
                                     .head_bytes = 8192,
                                     .queue_bytes = 262144,
                                     .head_ms = 10000,
                                     .ping_ms = 30000,
                                     .close_ms = 2000};
    int status = walk(argc, argv, options, true);
    if (status == -1 && options->config != NULL && (status = read_config(options->config, options)) == EXIT_DONE)
        status = -1;
    if (status == -1)
        status = walk(argc, argv, options, false);
    if (status != -1)
        return status;
    if (optind + 1 < argc) {
        report("only one PORT, please: '%s' is too much", argv[optind + 1]);
        return EXIT_USAGE;
    }
    if (options->connect != NULL && (optind < argc || options->config != NULL)) {
        report("--connect makes a client: a URL, and no PORT or configuration");
        return EXIT_USAGE;
    }
    if (optind + 1 == argc && !option_port("port", argv[optind], &options->port))
        return EXIT_USAGE;
    return -1;
}

void free_options(struct chat_options *options)
{
    free(options->config_text);
    options->config_text = NULL;
}

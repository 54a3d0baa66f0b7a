/* tcp_client: connects, sends a message or standard input, and prints what comes back until the server closes.
 *
 *     tcp_client 127.0.0.1 7000 hello
 *
 * Reading order: connect.c (socket, connect), exchange.c (write, read), finish.c (shutdown, close). source.c is the
 * client that only writes. The partner is tcp_server. Lessons 01 to 05.
 */
#include "client.h"
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"

#include <stdlib.h>
#include <unistd.h>

/* Opens up to options->count connections. Returns how many there are; fewer: the reason has been reported. */
static int open_connections(int *connections, const struct addrinfo *servers, const struct client_options *options,
                            struct narrator *narrator)
{
    int opened = 0;
    while (opened < options->count) {
        int connection = connect_to_server(servers, options, narrator);
        if (connection == -1) {
            if (options->count > 1)
                narrate_say(narrator, "%d of %d connections are open", opened, options->count);
            break;
        }
        connections[opened++] = connection;
    }
    return opened;
}

/* Talks over one connection. */
static bool converse(int connection, const struct client_options *options, struct narrator *narrator)
{
    if (options->source >= 0)
        return send_source(connection, options, narrator);
    return exchange(connection, options, narrator);
}

/* Everything between the look-up and the exit status. */
static int run(const struct addrinfo *servers, struct client_options *options, struct narrator *narrator)
{
    int *connections = calloc((size_t)options->count, sizeof *connections);
    if (connections == NULL) {
        report_errno("memory for %d connections", options->count);
        return EXIT_WORLD;
    }
    int opened = open_connections(connections, servers, options, narrator);
    bool good = opened == options->count;
    if (good && options->count > 1) { /* all are held at once, not each in turn */
        narrate_say(narrator, "%d connections are open", opened);
        good = await(-1, 0, options->hold_ms) != -1;
        options->hold_ms = 0;
    }
    for (int i = 0; i < opened; i++) {
        good = good && converse(connections[i], options, narrator);
        close_connection(connections[i], options, narrator);
    }
    free(connections);
    return good ? EXIT_DONE : EXIT_WORLD;
}

int main(int argc, char **argv)
{
    struct client_options options;
    report_as("tcp_client");
    keep_standard_descriptors();
    int status = parse_options(argc, argv, &options);
    if (status != -1)
        return status;
    struct addrinfo *servers;
    if (address_lookup(options.host, options.port, SOCK_STREAM, 0, &servers) == -1)
        return EXIT_WORLD;

    await_stop_signals();
    struct narrator narrator;
    narrate_open(&narrator, options.quiet ? -1 : STDERR_FILENO, options.step);
    status = run(servers, &options, &narrator);
    narrate_close(&narrator);
    freeaddrinfo(servers);
    die_by_stop_signal();
    return status;
}

/* file_send: sends files by the "ok" protocol, and knows afterwards whether they are there.
 *
 *     file_send 127.0.0.1 7000 letter.txt
 *
 * Reading order: this file (for each file: stat, connect, send, close), source.c (arguments and stat, lesson 08),
 * connect.c, protocol.c (name, ok, FIN, ok), content.c (the content). The partner is file_recv. Lessons 08 to 10.
 */
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "options.h"
#include "send.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXIT_UNCONFIRMED = 3 };

bool transfer_failed(struct transfer *transfer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(transfer->reason, sizeof transfer->reason, format, arguments);
    va_end(arguments);
    transfer->outcome = FAILED;
    return false;
}

/* Closes the connection: with a FIN, which was sent already, or, where not all was sent, with a reset (SO_LINGER 0). */
static void close_connection(struct transfer *transfer)
{
    struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
    if (transfer->connection == -1)
        return;
    if (transfer->outcome == FAILED)
        setsockopt(transfer->connection, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
    close(transfer->connection);
}

static enum outcome send_one(const char *path, const struct addrinfo *receivers, char *buffer,
                             const struct send_options *options)
{
    struct transfer transfer = {
        .options = options, .connection = -1, .buffer = buffer, .began_us = now_us(), .outcome = FAILED};
    const char *problem = source_open(&transfer.source, path);
    if (problem)
        transfer_failed(&transfer, "%s", problem);
    else if (connect_to_receiver(&transfer, receivers))
        send_file(&transfer);
    end_progress(&transfer);
    close_connection(&transfer);
    source_close(&transfer.source);
    tell_outcome(&transfer);
    return transfer.outcome;
}

int main(int argc, char **argv)
{
    struct send_options options;
    report_as("file_send");
    keep_standard_descriptors();
    int status = parse_options(argc, argv, &options);
    if (status != -1)
        return status;
    struct addrinfo *receivers;
    if (address_lookup(options.host, options.port, SOCK_STREAM, 0, &receivers) == -1)
        return EXIT_WORLD;
    char *buffer = malloc((size_t)options.buffer);
    if (buffer == NULL) {
        report("no memory for --buffer %d", options.buffer);
        freeaddrinfo(receivers);
        return EXIT_WORLD;
    }

    await_stop_signals();
    enum outcome worst = CONFIRMED;
    for (int i = 0; i < options.file_count && !stop_signal(); i++) {
        enum outcome outcome = send_one(options.files[i], receivers, buffer, &options);
        if (outcome > worst && !(outcome == UNCONFIRMED && options.classic))
            worst = outcome;
    }
    free(buffer);
    freeaddrinfo(receivers);
    die_by_stop_signal();
    return worst == CONFIRMED ? EXIT_DONE : worst == UNCONFIRMED ? EXIT_UNCONFIRMED : EXIT_WORLD;
}

/* source.c: the sliding window made visible: write as fast as possible, and tell where write blocked.
 *
 * What write takes lies in our send buffer (netstat: Send-Q) until the other side has acknowledged it, then in the
 * other side's receive buffer (its Recv-Q) until that program reads. When both are full, write blocks. Lesson 05.
 */
#include "client.h"
#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STILL_MS = 50 }; /* nothing moved for so long: now it is worth a line */

struct source {
    int connection;
    const struct client_options *options;
    struct narrator *narrator;
    struct socket_ends ends;
    long long sent, writes, times_blocked, longest_us;
};

/* A queue of the connection as the kernel shows it, "123" or "?" when it shows no such socket here. */
static const char *queue_text(struct narrator *narrator, struct socket_ends ends, bool receive_queue, char text[16])
{
    struct socket_row row;
    if (narrator->has_table && socket_ends_row(&narrator->table, &ends, &row) == 1)
        snprintf(text, 16, "%u", (unsigned)(receive_queue ? row.recv_queue : row.send_queue));
    else
        snprintf(text, 16, "?");
    return text;
}

/* The connection seen from the other side: if the server runs on this machine, its socket is in our list too. */
static struct socket_ends other_side(const struct socket_ends *ends)
{
    return (struct socket_ends){
        .local = ends->remote, .remote = ends->local, .has_local = ends->has_remote, .has_remote = ends->has_local};
}

static void tell_where_it_blocked(struct source *source)
{
    char ours[16], theirs[16], unread[16];
    narrate_wait(source->narrator, source->connection, POLLOUT, "both buffers are full");
    narrate_say(source->narrator, "  %lld bytes written; our Send-Q %s, the server's Recv-Q %s, unread for us %s",
                source->sent, queue_text(source->narrator, source->ends, false, ours),
                queue_text(source->narrator, other_side(&source->ends), true, theirs),
                queue_text(source->narrator, source->ends, true, unread));
}

/* The send buffer is full: waits until it takes more. */
static bool wait_until_it_moves(struct source *source)
{
    long long start = now_us();
    source->times_blocked++;
    int ready = await(source->connection, POLLOUT, STILL_MS);
    bool still = ready == 0;
    if (still) {
        tell_where_it_blocked(source);
        ready = wait_for_server(source->connection, POLLOUT, source->options);
    }
    long long waited = now_us() - start;
    if (waited > source->longest_us)
        source->longest_us = waited;
    if (still && ready > 0)
        narrate_say(source->narrator, "  it moves again after %.1f s", (double)waited / 1e6);
    return ready > 0;
}

static bool send_all(struct source *source)
{
    char data[BUFFER_SIZE];
    memset(data, 'x', sizeof data);
    while (source->sent < source->options->source) {
        long long left = source->options->source - source->sent;
        size_t size = left < BUFFER_SIZE ? (size_t)left : BUFFER_SIZE;
        if (narrate_call(source->narrator, "write(%d, buffer, %zu)", source->connection, size) == -1)
            return false;
        ssize_t written = write(source->connection, data, size);
        if (written == -1 && errno == EAGAIN) {
            if (!wait_until_it_moves(source))
                return false;
            continue;
        }
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1) {
            report_lost("write to", source->options);
            return false;
        }
        source->sent += written;
        source->writes++;
        if (stop_signal_pending())
            return false;
    }
    return true;
}

/* Reads and counts until the server's end of file, or as many bytes as were sent if our half stays open. */
static bool count_what_comes_back(struct source *source)
{
    char data[BUFFER_SIZE];
    bool keeps_open = source->options->no_half_close || source->options->reset;
    long long came_back = 0;
    while (!keeps_open || came_back < source->sent) {
        if (!wait_for_server(source->connection, POLLIN, source->options))
            return false;
        ssize_t got = read(source->connection, data, sizeof data);
        if (got == -1 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got == -1) {
            report_lost("read from", source->options);
            return false;
        }
        if (got == 0)
            break;
        came_back += got;
    }
    narrate_say(source->narrator, "source: %lld bytes came back", came_back);
    return true;
}

bool send_source(int connection, const struct client_options *options, struct narrator *narrator)
{
    struct source source = {
        .connection = connection, .options = options, .narrator = narrator, .ends = socket_ends_of(connection)};
    bool done = send_all(&source);
    narrate_say(narrator, "source: %lld of %lld bytes in %lld writes; blocked %lld times, the longest %.1f s",
                source.sent, options->source, source.writes, source.times_blocked, (double)source.longest_us / 1e6);
    if (!done)
        return false;
    if (options->hold_ms && await(-1, 0, options->hold_ms) == -1)
        return false;
    if (!options->no_half_close && !options->reset && !half_close(connection, narrator))
        return false;
    return count_what_comes_back(&source);
}

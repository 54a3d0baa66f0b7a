/* turn.c: one client's conversation: read, write, shutdown, close, a turn at a time. */
#include "turn.h"

#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Keeps what write did not take. The first time it lies in the buffer, which the next connection needs. */
static bool keep_rest(struct connection *connection, const char *rest, size_t length)
{
    if (connection->unsent != NULL) {
        connection->unsent_at = connection->unsent_end - length;
        return true;
    }
    connection->unsent = malloc(length);
    if (connection->unsent == NULL)
        return false;
    memcpy(connection->unsent, rest, length);
    connection->unsent_at = 0;
    connection->unsent_end = length;
    return true;
}

/* Sends our FIN. The other direction stays open. Returns whether it could. */
static bool half_close(int connection, struct narrator *narrator)
{
    narrate_call(narrator, "shutdown(%d, SHUT_WR)", connection);
    int result = shutdown(connection, SHUT_WR);
    narrate_result(narrator, connection, result, "our FIN is sent behind what is still in the send buffer");
    return result == 0;
}

/* All that was read has been sent back. */
static enum turn answered(struct connection *connection, const struct server_options *options,
                          struct narrator *narrator)
{
    free(connection->unsent);
    connection->unsent = NULL;
    if (options->reset) {
        make_close_reset(connection->client.connection, narrator);
        return IS_OVER;
    }
    if (options->close_first) {
        connection->we_closed = true;
        return half_close(connection->client.connection, narrator) ? WAITS_TO_READ : IS_OVER;
    }
    return WAITS_TO_READ;
}

/* One write. What does not go at once waits for the next turn. */
static enum turn send_back(struct connection *connection, const char *data, size_t length,
                           const struct server_options *options, struct narrator *narrator)
{
    int fd = connection->client.connection;
    narrate_call(narrator, "write(%d, buffer, %zu)", fd, length);
    ssize_t written = write(fd, data, length);
    narrate_result(narrator, fd, written, "%s", (size_t)written < length ? "no more fits into the send buffer" : "");
    if (written == -1 && errno != EAGAIN && errno != EINTR) {
        report_errno("write to client %s", connection->client.address);
        return IS_OVER;
    }
    size_t sent = written == -1 ? 0 : (size_t)written;
    if (sent == length)
        return answered(connection, options, narrator);
    if (!keep_rest(connection, data + sent, length - sent)) {
        report_errno("client %s", connection->client.address);
        return IS_OVER;
    }
    return WAITS_TO_WRITE;
}

/* The client has sent its FIN. */
static enum turn client_done(struct connection *connection, const struct server_options *options,
                             struct narrator *narrator)
{
    if (options->pause_close_ms) /* in the pool only: a thread may wait that does not have all the clients */
        await(-1, 0, options->pause_close_ms);
    if (!connection->we_closed)
        half_close(connection->client.connection, narrator); /* if it can't: the client reset it meanwhile */
    return IS_OVER;
}

enum turn take_turn(struct connection *connection, char *buffer, const struct server_options *options,
                    struct narrator *narrator)
{
    int fd = connection->client.connection;
    if (!connection->has_begun && options->pause_read_ms) /* in the pool only */
        await(-1, 0, options->pause_read_ms);
    connection->has_begun = true;
    if (connection->unsent != NULL)
        return send_back(connection, connection->unsent + connection->unsent_at,
                         connection->unsent_end - connection->unsent_at, options, narrator);

    narrate_call(narrator, "read(%d, buffer, %d)", fd, TURN_SIZE);
    ssize_t got = read(fd, buffer, TURN_SIZE);
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return WAITS_TO_READ;
    narrate_result(narrator, fd, got, got == 0 ? "end of file: the client's FIN" : "");
    if (got == -1) {
        report_errno("read from client %s", connection->client.address);
        return IS_OVER;
    }
    if (got == 0)
        return client_done(connection, options, narrator);
    if (connection->we_closed)
        return WAITS_TO_READ; /* thrown away */
    return send_back(connection, buffer, (size_t)got, options, narrator);
}

struct connection *open_connection(const struct client *client)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection != NULL)
        connection->client = *client;
    return connection;
}

void close_connection(struct connection *connection, struct narrator *narrator)
{
    int fd = connection->client.connection;
    narrate_call(narrator, "close(%d)", fd);
    int result = close(fd);
    narrate_result(narrator, fd, result, "the descriptor is gone; the kernel finishes the rest");
    free(connection->unsent);
    free(connection);
}

void list_add(struct connection_list *list, struct connection *connection)
{
    connection->active_at = now_us();
    connection->longer = list->last;
    connection->shorter = NULL;
    *(list->last ? &list->last->shorter : &list->first) = connection;
    list->last = connection;
}

void list_remove(struct connection_list *list, struct connection *connection)
{
    *(connection->longer ? &connection->longer->shorter : &list->first) = connection->shorter;
    *(connection->shorter ? &connection->shorter->longer : &list->last) = connection->longer;
}

int silence_left_ms(const struct connection_list *list, const struct server_options *options)
{
    if (options->timeout_ms == -1 || list->first == NULL)
        return -1;
    long long left = options->timeout_ms - (now_us() - list->first->active_at) / 1000;
    return left > 0 ? (int)left : 0;
}

struct connection *find_silent(const struct connection_list *list, const struct server_options *options)
{
    if (silence_left_ms(list, options) != 0)
        return NULL;
    report("client %s: nothing moved for %g s, connection ended", list->first->client.address,
           options->timeout_ms / 1000.0);
    return list->first;
}

/* echo.c: one client's conversation: read, write, shutdown, close. */
#include "common/await.h"
#include "common/report.h"
#include "models.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 64 * 1024 };

/* How a conversation went on. */
enum outcome {
    GOES_ON,
    CLIENT_DONE, /* end of file: the client has sent its FIN */
    CLIENT_LOST, /* reset, timed out; reported */
    WE_CLOSE,    /* --close-first or --reset: the first bytes have been sent back */
    STOPPED      /* a stop signal came */
};

/* Waits until `connection` is ready for `event`; errors show in the call that follows. */
static enum outcome wait_ready(const struct client *client, short event, const struct server_options *options)
{
    int ready = await(client->connection, event, options->timeout_ms);
    if (ready > 0)
        return GOES_ON;
    if (ready == -1)
        return STOPPED;
    report("client %s: nothing moved for %g s, connection ended", client->address, options->timeout_ms / 1000.0);
    return CLIENT_LOST;
}

/* Writes all of `data`. write takes what fits into the send buffer, often less than it is given. */
static enum outcome write_all(const struct client *client, const char *data, size_t length,
                              const struct server_options *options, struct narrator *narrator)
{
    int connection = client->connection;
    while (length > 0) {
        if (narrate_call(narrator, "write(%d, buffer, %zu)", connection, length) == -1)
            return STOPPED;
        narrate_wait(narrator, connection, POLLOUT, "the send buffer is full: the client does not read");
        enum outcome ready = wait_ready(client, POLLOUT, options);
        if (ready != GOES_ON)
            return ready;
        ssize_t written = write(connection, data, length);
        if (written == -1 && (errno == EAGAIN || errno == EINTR))
            continue;
        narrate_result(narrator, connection, written, "%s",
                       (size_t)written < length ? "no more fits into the send buffer" : "");
        if (written == -1) {
            report_errno("write to client %s", client->address);
            return CLIENT_LOST;
        }
        data += written;
        length -= (size_t)written;
    }
    return GOES_ON;
}

/* One read, and its bytes sent back. */
static enum outcome echo_once(const struct client *client, char *buffer, const struct server_options *options,
                              struct narrator *narrator)
{
    int connection = client->connection;
    if (narrate_call(narrator, "read(%d, buffer, %d)", connection, BUFFER_SIZE) == -1)
        return STOPPED;
    narrate_wait(narrator, connection, POLLIN, "nothing has arrived");
    enum outcome ready = wait_ready(client, POLLIN, options);
    if (ready != GOES_ON)
        return ready;
    ssize_t got = read(connection, buffer, BUFFER_SIZE);
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return GOES_ON;
    narrate_result(narrator, connection, got, got == 0 ? "end of file: the client's FIN" : "");
    if (got == -1) {
        report_errno("read from client %s", client->address);
        return CLIENT_LOST;
    }
    if (got == 0)
        return CLIENT_DONE;
    enum outcome outcome = write_all(client, buffer, (size_t)got, options, narrator);
    if (outcome == GOES_ON && (options->close_first || options->reset))
        return WE_CLOSE;
    return outcome;
}

/* Sends our FIN. The other direction stays open. */
static enum outcome half_close(int connection, struct narrator *narrator)
{
    if (narrate_call(narrator, "shutdown(%d, SHUT_WR)", connection) == -1)
        return STOPPED;
    int result = shutdown(connection, SHUT_WR);
    narrate_result(narrator, connection, result, "our FIN is sent behind what is still in the send buffer");
    return result == 0 ? GOES_ON : CLIENT_LOST; /* the client reset it meanwhile: nothing is left to close politely */
}

/* As the active closer: our FIN first, then whatever the client still sends, until its FIN. */
static enum outcome close_first(const struct client *client, char *buffer, const struct server_options *options,
                                struct narrator *narrator)
{
    int connection = client->connection;
    enum outcome outcome = half_close(connection, narrator);
    while (outcome == GOES_ON) {
        if (narrate_call(narrator, "read(%d, buffer, %d)", connection, BUFFER_SIZE) == -1)
            return STOPPED;
        narrate_wait(narrator, connection, POLLIN, "we have closed our half, the client has not");
        outcome = wait_ready(client, POLLIN, options);
        if (outcome != GOES_ON)
            break;
        ssize_t got = read(connection, buffer, BUFFER_SIZE);
        if (got == -1 && (errno == EAGAIN || errno == EINTR))
            continue;
        narrate_result(narrator, connection, got, got == 0 ? "end of file: the client's FIN" : "");
        if (got <= 0)
            outcome = got == 0 ? CLIENT_DONE : CLIENT_LOST;
    }
    return outcome;
}

/* With SO_LINGER 0, close sends RST instead of FIN and throws away what was not sent (RFC 9293, 3.10.5 ABORT). */
void make_close_reset(int connection, struct narrator *narrator)
{
    struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
    narrate_call(narrator, "setsockopt(%d, SO_LINGER, 0 s)", connection);
    int result = setsockopt(connection, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
    narrate_result(narrator, connection, result, "close will send RST");
}

bool echo_client(const struct client *client, const struct server_options *options, struct narrator *narrator)
{
    int connection = client->connection;
    char buffer[BUFFER_SIZE];
    enum outcome outcome = GOES_ON;

    if (options->pause_read_ms && await(-1, 0, options->pause_read_ms) == -1)
        outcome = STOPPED;
    while (outcome == GOES_ON)
        outcome = echo_once(client, buffer, options, narrator);
    if (outcome == CLIENT_DONE && options->pause_close_ms && await(-1, 0, options->pause_close_ms) == -1)
        outcome = STOPPED;

    if (outcome == WE_CLOSE && options->reset)
        make_close_reset(connection, narrator);
    else if (outcome == WE_CLOSE)
        outcome = close_first(client, buffer, options, narrator);
    else if (outcome == CLIENT_DONE)
        outcome = half_close(connection, narrator) == STOPPED ? STOPPED : outcome;

    if (narrate_call(narrator, "close(%d)", connection) == -1)
        outcome = STOPPED;
    int result = close(connection);
    narrate_result(narrator, connection, result, "the descriptor is gone; the kernel finishes the rest");
    return outcome != STOPPED;
}

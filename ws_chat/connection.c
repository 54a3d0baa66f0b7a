/* connection.c: what comes in is handed to the request or to the frames; how a connection closes.
 *
 * Closed properly means: both have sent a Close frame, then we send our FIN, read on until the other end's FIN, and
 * only then close(2). Closed with unread bytes the kernel would send RST, and the other end could lose our last frame.
 */
#include "connection.h"

#include "chat.h"
#include "common/await.h"
#include "common/report.h"
#include "send.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client *connection_begin(struct server *server, int fd, const struct sockaddr *peer)
{
    struct client *client = table_add(&server->table, fd);
    if (client == NULL) {
        report_errno("memory for a client");
        close(fd);
        return NULL;
    }
    address_text(peer, client->address);
    if (server->narrator->out != -1 && (client->ends = malloc(sizeof *client->ends)) != NULL)
        *client->ends = socket_ends_of(fd);
    client->reader = (struct message_reader){.us = ROLE_SERVER, .most = (size_t)server->options->message_bytes};
    set_deadline(server, client, server->options->head_ms);
    return client;
}

void connection_gone(struct server *server, struct client *client, const char *why)
{
    if (client->phase == PHASE_OPEN)
        chat_leave(server, client, why);
    client->phase = PHASE_GONE;
    if (client->ends != NULL) { /* both FINs sent and acknowledged, the descriptor no longer knows them */
        server->narrator->connection = client->fd;
        server->narrator->ends = *client->ends;
    }
    narrate_call(server->narrator, "close(%d)", client->fd);
    int result = close(client->fd);
    narrate_result(server->narrator, client->fd, result, "%s: %s", client->address, why);
    table_remove(&server->table, client);
    client->next = server->gone;
    server->gone = client;
}

void connection_end(struct server *server, struct client *client)
{
    client->phase = PHASE_ENDING;
    set_deadline(server, client, server->options->close_ms);
    make_busy(server, client);
}

void connection_close(struct server *server, struct client *client, enum close_code code, const char *reason)
{
    uint8_t payload[CONTROL_PAYLOAD_MAX];
    char why[160];
    snprintf(why, sizeof why, "we close with %d, %s", code, reason);
    chat_leave(server, client, why);
    client->phase = PHASE_CLOSING;
    send_control(server, client, OP_CLOSE, payload, close_encode(payload, code, reason));
    set_deadline(server, client, server->options->close_ms);
}

/* The other end broke the rules: it is told, and nothing that it sends is looked at any more. */
static void fail(struct server *server, struct client *client, const struct violation *violation)
{
    if (client->phase == PHASE_OPEN)
        connection_close(server, client, violation->code, violation->reason);
    connection_end(server, client);
}

/* Its Close frame: answered with the same code, if ours did not come first. */
static void take_close(struct server *server, struct client *client, const struct message *message)
{
    struct violation violation;
    char why[80];
    int code = close_decode(message->bytes, message->length, &violation);
    if (code == -1) {
        fail(server, client, &violation);
        return;
    }
    if (client->phase == PHASE_OPEN) {
        snprintf(why, sizeof why, code == CLOSE_NONE ? "it closes" : "it closes with %d", code);
        chat_leave(server, client, why);
        send_control(server, client, OP_CLOSE, message->bytes, code == CLOSE_NONE ? 0 : 2);
    }
    connection_end(server, client);
}

static void take_message(struct server *server, struct client *client, const struct message *message)
{
    if (message->opcode == OP_CLOSE)
        take_close(server, client, message);
    else if (client->phase != PHASE_OPEN)
        return; /* it crossed our Close frame */
    else if (message->opcode == OP_PING)
        send_control(server, client, OP_PONG, message->bytes, message->length);
    else if (message->opcode == OP_BINARY)
        connection_close(server, client, CLOSE_UNSUPPORTED, "this room is for text");
    else if (message->opcode == OP_TEXT && !chat_message(server, client, message->bytes, message->length))
        connection_close(server, client, CLOSE_NORMAL, "goodbye");
}

static void take_frames(struct server *server, struct client *client, uint8_t *bytes, size_t length)
{
    bool has_message = true;
    client->heard = server->now;
    client->pinged = false;
    /* Once more than there are messages: that empties the reader. */
    while (has_message && (client->phase == PHASE_OPEN || client->phase == PHASE_CLOSING)) {
        struct message message;
        struct violation violation;
        ssize_t took = message_read(&client->reader, bytes, length, &message, &has_message, &violation);
        if (took == -1) {
            fail(server, client, &violation);
            return;
        }
        bytes += took;
        length -= (size_t)took;
        if (has_message)
            take_message(server, client, &message);
    }
}

/* The other end's FIN. In the room that is against the rules, but what waits for it is sent: it may still read. */
static void end_of_file(struct server *server, struct client *client)
{
    client->input_ended = true;
    if (client->phase == PHASE_REQUEST) {
        connection_gone(server, client, "ended before its request did");
        return;
    }
    if (client->phase == PHASE_OPEN)
        chat_leave(server, client, "end of file without a Close frame");
    if (client->phase == PHASE_ENDING && client->shut)
        connection_gone(server, client, "both have closed");
    else
        connection_end(server, client);
}

void connection_read(struct server *server, struct client *client)
{
    ssize_t got = read(client->fd, server->buffer, BUFFER_SIZE);
    if (got == -1 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got == -1) {
        connection_gone(server, client, strerror(errno));
        return;
    }
    if (got == 0) {
        end_of_file(server, client);
        return;
    }
    size_t length = (size_t)got, used = 0;
    if (client->phase == PHASE_REQUEST)
        used = request_take(server, client, server->buffer, length);
    if (client->traces != NULL)
        trace_bytes(&client->traces->received, STDOUT_FILENO, client->address, server->buffer + used, length - used);
    if (client->phase == PHASE_OPEN || client->phase == PHASE_CLOSING)
        take_frames(server, client, server->buffer + used, length - used);
}

/* --slow evict: what was not begun is thrown away, so that the reason comes next. */
static void evict(struct server *server, struct client *client)
{
    char reason[CONTROL_PAYLOAD_MAX];
    snprintf(reason, sizeof reason, "you read too slowly: %zu bytes wait for you", client->queue.bytes);
    queue_cut(&client->queue);
    connection_close(server, client, CLOSE_POLICY, reason);
}

void connection_write(struct server *server, struct client *client)
{
    if (client->too_slow && client->phase == PHASE_OPEN)
        evict(server, client);
    if (send_queue(client) == -1) {
        connection_gone(server, client, strerror(errno));
        return;
    }
    if (client->queue.count > 0)
        return;
    if (client->dropped > 0 && client->phase == PHASE_OPEN) {
        size_t dropped = client->dropped;
        client->dropped = 0;
        narrate_say(server->narrator, "%s %s missed %zu messages: it reads too slowly", client->address, client->name,
                    dropped);
        tell(server, client, "* you missed %zu messages: you read too slowly", dropped);
    }
    if (client->phase == PHASE_ENDING && client->input_ended) {
        connection_gone(server, client, "both have closed");
    } else if (client->phase == PHASE_ENDING && !client->shut) {
        client->shut = true;
        if (shutdown(client->fd, SHUT_WR) == -1)
            connection_gone(server, client, strerror(errno));
    }
}

/* In the room: silence, after which we ask, and after as much again give up. */
static void look_after(struct server *server, struct client *client)
{
    long long silent_ms = (server->now - client->heard) / 1000;
    int limit = server->options->ping_ms;
    if (silent_ms < limit) {
        set_deadline(server, client, limit - (int)silent_ms);
    } else if (!client->pinged) {
        client->pinged = true;
        send_control(server, client, OP_PING, "", 0);
        set_deadline(server, client, limit);
    } else {
        connection_gone(server, client, "no answer to our Ping");
    }
}

void connection_late(struct server *server, struct client *client)
{
    if (client->phase == PHASE_REQUEST)
        request_refuse(server, client, 408, "the request did not come whole in time");
    else if (client->phase == PHASE_OPEN)
        look_after(server, client);
    else
        connection_gone(server, client, "it did not close in time");
}

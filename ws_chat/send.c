/* send.c: a message to a thousand clients is one frame in memory and a thousand references to it. Nothing is written
 * here but into queues; the loop writes them once a turn, all that waits for a client in one call. */
#include "send.h"

#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct shared *frame_of(enum opcode opcode, const struct iovec *parts, int count)
{
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    uint8_t header[FRAME_HEADER_MAX];
    size_t used = frame_encode(header, true, opcode, length, NULL); /* a server does not mask */
    struct shared *frame = shared_new(used + length);
    if (frame == NULL) {
        report_errno("memory for a frame of %zu bytes", length);
        return NULL;
    }
    memcpy(frame->bytes, header, used);
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > 0)
            memcpy(frame->bytes + used, parts[i].iov_base, parts[i].iov_len);
        used += parts[i].iov_len;
    }
    return frame;
}

/* Whether so many bytes more may wait. Where nothing waits, one message may, however long. */
static bool has_room(const struct server *server, const struct client *client, size_t length)
{
    return client->queue.count == 0 || client->queue.bytes + length <= (size_t)server->options->queue_bytes;
}

/* --slow block: what a server does that writes without a queue. Everybody waits for this one client. */
static void wait_for_room(const struct server *server, struct client *client, size_t length)
{
    while (send_queue(client) == 0 && !has_room(server, client, length))
        if (await(client->fd, POLLOUT, -1) == -1)
            return;
}

void send_message(struct server *server, struct client *client, struct shared *frame)
{
    if (frame == NULL || client->phase != PHASE_OPEN || client->too_slow)
        return;
    if (!has_room(server, client, frame->length) && server->options->slow == SLOW_BLOCK)
        wait_for_room(server, client, frame->length);
    if (has_room(server, client, frame->length)) {
        if (!queue_add(&client->queue, frame))
            client->too_slow = true; /* no memory for it: it can't be kept */
    } else if (server->options->slow == SLOW_DROP) {
        client->dropped++;
    } else {
        client->too_slow = true; /* the loop ends it: here somebody walks through the table */
    }
    make_busy(server, client);
}

size_t send_to_all(struct server *server, const struct client *except, struct shared *frame)
{
    size_t count = 0;
    for (struct client *client = server->table.first; client != NULL; client = client->next) {
        if (client->phase == PHASE_OPEN && client != except) {
            send_message(server, client, frame);
            count++;
        }
    }
    return count;
}

/* The text of a message as a frame. */
static struct shared *text_frame(const char *format, va_list arguments)
{
    char text[512]; /* the longest has two names, or a name and what was typed for one */
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        return NULL;
    struct iovec part = {.iov_base = text, .iov_len = (size_t)length};
    return frame_of(OP_TEXT, &part, 1);
}

void tell(struct server *server, struct client *client, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct shared *frame = text_frame(format, arguments);
    va_end(arguments);
    send_message(server, client, frame);
    shared_release(frame);
}

void tell_all(struct server *server, const struct client *except, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct shared *frame = text_frame(format, arguments);
    va_end(arguments);
    send_to_all(server, except, frame);
    shared_release(frame);
}

void send_control(struct server *server, struct client *client, enum opcode opcode, const void *payload, size_t length)
{
    if (opcode == OP_PONG && !has_room(server, client, length))
        return;
    struct iovec part = {.iov_len = length};
    memcpy(&part.iov_base, &payload, sizeof payload); /* iov_base has no const; it is only read */
    struct shared *frame = frame_of(opcode, &part, 1);
    if (frame != NULL)
        queue_add(&client->queue, frame); /* without memory the deadline ends the connection */
    shared_release(frame);
    make_busy(server, client);
}

bool send_bytes(struct server *server, struct client *client, const void *first, size_t first_length,
                const void *second, size_t second_length)
{
    struct shared *bytes = shared_new(first_length + second_length);
    if (bytes == NULL)
        return false;
    memcpy(bytes->bytes, first, first_length);
    if (second_length > 0)
        memcpy(bytes->bytes + first_length, second, second_length);
    bool added = queue_add(&client->queue, bytes);
    shared_release(bytes);
    make_busy(server, client);
    return added;
}

/* --trace: what the kernel has taken, behind the answer that is no frame. */
static void trace_sent(struct client *client, const struct iovec *parts, size_t written)
{
    struct traces *traces = client->traces;
    for (size_t at = 0; traces != NULL && written > 0; at++) {
        size_t here = written < parts[at].iov_len ? written : parts[at].iov_len;
        size_t answer = here < traces->answer_left ? here : traces->answer_left;
        traces->answer_left -= answer;
        trace_bytes(&traces->sent, STDOUT_FILENO, client->address, (const uint8_t *)parts[at].iov_base + answer,
                    here - answer);
        written -= here;
    }
}

int send_queue(struct client *client)
{
    enum { PARTS = 64 };
    struct iovec parts[PARTS];
    while (client->queue.count > 0) {
        int count = queue_parts(&client->queue, parts, PARTS);
        ssize_t written = writev(client->fd, parts, count);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
        trace_sent(client, parts, (size_t)written);
        queue_sent(&client->queue, (size_t)written);
    }
    return 0;
}

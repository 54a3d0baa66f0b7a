/* connect.c: the client's conversation: two inputs, the person and the server, and one loop that waits for both.
 *
 * What is to be sent lies in `out` until the kernel takes it; while anything is there no more is read from the person,
 * so that memory stays bounded however slow the server is.
 */
#include "connect.h"

#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "message.h"
#include "plain.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_SIZE = 16384,        /* a longer line goes in several messages */
    OUT_SIZE = 8 * LINE_SIZE, /* the frames of one read: at worst a line is 2 bytes, and its frame 7 */
    IN_SIZE = 65536,
    MESSAGE_MOST = 1 << 20,
    CLOSE_MS = 5000 /* for the server's Close frame and its FIN */
};

struct talk {
    struct chat_connection *connection;
    struct message_reader reader;
    char line[LINE_SIZE]; /* what the person has typed, from the beginning of a line */
    size_t line_length;
    bool input_ended;
    uint8_t out[OUT_SIZE];
    size_t out_length, out_sent;
    bool close_sent, close_received;
    bool sent_away;     /* the server's code was another one than 1000 */
    long long deadline; /* now_us() at which waiting for the end is over; 0: nobody has begun to close */
    int status;         /* -1: it goes on */
};

/* ---- out */

/* Puts a frame into `out`, masked: RFC 6455, 5.3 asks it of every client, so that nobody can choose which bytes are on
 * the wire, and with them talk a proxy into taking them for HTTP. Returns false if there is no room. */
static bool add_frame(struct talk *talk, enum opcode opcode, const void *payload, size_t length)
{
    uint8_t mask[4], *to = talk->out + talk->out_length;
    if (sizeof talk->out - talk->out_length < FRAME_HEADER_MAX + length)
        return false;
    if (!connection_random(talk->connection, mask, sizeof mask)) {
        talk->status = EXIT_WORLD;
        return false;
    }
    size_t header = frame_encode(to, true, opcode, length, mask);
    if (length > 0)
        memcpy(to + header, payload, length);
    frame_mask(to + header, length, mask, 0);
    if (talk->connection->tracing)
        trace_bytes(&talk->connection->sent, STDERR_FILENO, "client", to, header + length);
    talk->out_length += header + length;
    return true;
}

static void add_close(struct talk *talk, enum close_code code, const char *reason)
{
    uint8_t payload[CONTROL_PAYLOAD_MAX];
    if (talk->close_sent)
        return;
    size_t length = code == CLOSE_NONE ? 0 : close_encode(payload, code, reason);
    add_frame(talk, OP_CLOSE, payload, length);
    talk->close_sent = true;
    talk->deadline = now_us() + CLOSE_MS * 1000LL;
}

static void lost(struct talk *talk, const char *operation)
{
    report("%s: %s%s", operation, strerror(errno),
           errno == ECONNRESET || errno == EPIPE ? " (the server is gone, without a Close frame)" : "");
    talk->status = EXIT_WORLD;
}

static void send_out(struct talk *talk)
{
    while (talk->out_sent < talk->out_length) {
        ssize_t n = write(talk->connection->fd, talk->out + talk->out_sent, talk->out_length - talk->out_sent);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1 && errno == EAGAIN)
            return;
        if (n == -1) {
            /* The server may have said why before it went: what it sent is read first. */
            if (talk->close_sent || talk->close_received)
                talk->out_length = talk->out_sent = 0;
            else
                lost(talk, "send");
            return;
        }
        talk->out_sent += (size_t)n;
    }
    talk->out_length = talk->out_sent = 0;
}

/* ---- the person */

/* One line is one message. Text has to be UTF-8, or the server has to close (RFC 6455, 8.1). */
static void send_line(struct talk *talk, const char *line, size_t length)
{
    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (length == 0)
        return;
    if (!utf8_valid((const uint8_t *)line, length)) {
        report("a line that is not UTF-8 is not sent");
        return;
    }
    add_frame(talk, OP_TEXT, line, length);
}

/* How much of a line that is too long goes as a message: whole characters, or all if there are none. */
static size_t whole_characters(const char *line, size_t length)
{
    for (size_t end = length; end > length - 4; end--)
        if (utf8_valid((const uint8_t *)line, end))
            return end;
    return length;
}

static void send_lines(struct talk *talk)
{
    size_t begin = 0;
    const char *end;
    while ((end = memchr(talk->line + begin, '\n', talk->line_length - begin)) != NULL) {
        send_line(talk, talk->line + begin, (size_t)(end - talk->line) - begin);
        begin = (size_t)(end - talk->line) + 1;
    }
    if (begin == 0 && talk->line_length == sizeof talk->line) {
        begin = whole_characters(talk->line, talk->line_length);
        send_line(talk, talk->line, begin);
    }
    talk->line_length -= begin;
    memmove(talk->line, talk->line + begin, talk->line_length);
}

static void read_person(struct talk *talk)
{
    ssize_t n = read(STDIN_FILENO, talk->line + talk->line_length, sizeof talk->line - talk->line_length);
    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n == -1)
        report_errno("read standard input");
    if (n > 0) {
        talk->line_length += (size_t)n;
        send_lines(talk);
        return;
    }
    send_line(talk, talk->line, talk->line_length); /* the last line may have no newline */
    talk->input_ended = true;
    connection_tell(talk->connection, "end of input: we begin to close (%d)", CLOSE_NORMAL);
    add_close(talk, CLOSE_NORMAL, "");
}

/* ---- the server */

/* It broke the protocol: the rest can't be understood. It is told why, if the kernel takes that at once. */
static void give_up(struct talk *talk, const struct violation *violation)
{
    report("the server breaks the protocol: %s (%d)", violation->reason, violation->code);
    add_close(talk, violation->code, violation->reason);
    send_out(talk);
    talk->status = EXIT_WORLD;
}

static void print_message(struct talk *talk, const struct message *message)
{
    char *text = malloc(message->length + 2);
    if (text == NULL) {
        report_errno("a message of %zu bytes", message->length);
        talk->status = EXIT_WORLD;
        return;
    }
    /* Control characters would let others move our cursor, or write lines that look like somebody else's. */
    size_t length = strlen(plain_text(message->bytes, message->length, text, message->length + 1));
    text[length++] = '\n';
    if (await_write_all(STDOUT_FILENO, text, length) == -1 && !stop_signal()) {
        report_errno("write standard output");
        talk->status = EXIT_WORLD;
    }
    free(text);
}

static void receive_close(struct talk *talk, const struct message *message)
{
    struct violation violation;
    char reason[CONTROL_PAYLOAD_MAX + 1] = "";
    int code = close_decode(message->bytes, message->length, &violation);
    if (code == -1) {
        give_up(talk, &violation);
        return;
    }
    talk->close_received = true;
    if (message->length > 2)
        plain_text(message->bytes + 2, message->length - 2, reason, sizeof reason);
    if (talk->close_sent) {
        connection_tell(talk->connection, "the server has answered: %d", code);
    } else if (code == CLOSE_NORMAL || code == CLOSE_NONE) {
        connection_tell(talk->connection, "the server closes: %d %s", code, reason);
    } else {
        report("the server closes: %d %s", code, reason);
        talk->sent_away = true;
    }
    add_close(talk, (enum close_code)code, "");
    talk->deadline = now_us() + CLOSE_MS * 1000LL;
}

static void act_on(struct talk *talk, const struct message *message)
{
    switch (message->opcode) {
    case OP_TEXT: print_message(talk, message); break;
    case OP_BINARY: connection_tell(talk->connection, "a binary message of %zu bytes", message->length); break;
    case OP_PING:
        /* Without room it is left out: the next ping is answered (RFC 6455, 5.5.3 asks no more). */
        if (!talk->close_sent)
            add_frame(talk, OP_PONG, message->bytes, message->length);
        break;
    case OP_CLOSE: receive_close(talk, message); break;
    default: break; /* a pong that nobody asked for is allowed */
    }
}

static void take_bytes(struct talk *talk, uint8_t *bytes, size_t length)
{
    if (talk->connection->tracing)
        trace_bytes(&talk->connection->received, STDERR_FILENO, "client", bytes, length);
    while (length > 0 && talk->status < 0 && !talk->close_received) {
        struct message message;
        struct violation violation;
        bool complete = false;
        ssize_t taken = message_read(&talk->reader, bytes, length, &message, &complete, &violation);
        if (taken == -1) {
            give_up(talk, &violation);
            return;
        }
        if (complete)
            act_on(talk, &message);
        bytes += taken;
        length -= (size_t)taken;
    }
}

static void read_server(struct talk *talk)
{
    uint8_t bytes[IN_SIZE];
    ssize_t n = read(talk->connection->fd, bytes, sizeof bytes);
    if (n > 0) {
        take_bytes(talk, bytes, (size_t)n);
    } else if (n == 0) {
        if (!talk->close_received)
            report("the connection has ended without a Close frame");
        else
            connection_tell(talk->connection, "the server has ended the connection: its FIN is here");
        talk->status = talk->close_received && !talk->sent_away ? EXIT_DONE : EXIT_WORLD;
    } else if (errno != EAGAIN && errno != EINTR) {
        lost(talk, "read");
    }
}

/* ---- the loop */

/* The time is over: the server does not answer our Close frame, or does not end the connection. */
static void end_it(struct talk *talk)
{
    if (talk->close_received)
        connection_tell(talk->connection, "the server leaves the connection open: we end it");
    else
        report("the server does not answer our Close frame");
    talk->status = talk->close_received && !talk->sent_away ? EXIT_DONE : EXIT_WORLD;
}

static void step(struct talk *talk)
{
    bool sending = talk->out_length > 0;
    bool listening = !sending && !talk->input_ended && !talk->close_sent;
    struct pollfd waiting[2] = {
        {.fd = talk->connection->fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0))},
        {.fd = listening ? STDIN_FILENO : -1, .events = POLLIN},
    };
    int timeout = -1;
    if (talk->deadline != 0) {
        long long left_ms = (talk->deadline - now_us()) / 1000;
        if (left_ms <= 0) {
            end_it(talk);
            return;
        }
        timeout = (int)left_ms;
    }
    if (await_any(waiting, 2, timeout) == -1) {
        if (errno == EINTR) { /* a stop signal: the server is told, if the kernel takes that at once */
            add_close(talk, CLOSE_GOING_AWAY, "");
            send_out(talk);
        } else {
            report_errno("poll");
        }
        talk->status = EXIT_WORLD;
        return;
    }
    if (waiting[0].revents & (POLLIN | POLLHUP | POLLERR))
        read_server(talk);
    if (talk->status < 0 && waiting[1].revents != 0)
        read_person(talk);
    if (talk->status < 0)
        send_out(talk);
}

static int converse(struct chat_connection *connection)
{
    struct talk *talk = calloc(1, sizeof *talk);
    if (talk == NULL) {
        report_errno("memory for the conversation");
        return EXIT_WORLD;
    }
    talk->connection = connection;
    talk->reader = (struct message_reader){.us = ROLE_CLIENT, .most = MESSAGE_MOST};
    talk->status = -1;
    take_bytes(talk, connection->early, connection->early_length);
    send_out(talk);
    while (talk->status < 0)
        step(talk);
    int status = talk->status;
    message_reader_free(&talk->reader);
    free(talk);
    return status;
}

int chat_connect(const char *url_text, bool tracing, bool quiet)
{
    struct chat_url url;
    uint8_t early[ANSWER_HEAD_MOST];
    struct chat_connection connection = {.fd = -1, .tracing = tracing, .quiet = quiet, .early = early};
    connection.sent.reader = ROLE_SERVER;
    connection.received.reader = ROLE_CLIENT;
    const char *wrong = chat_url_parse(url_text, &url);
    if (wrong != NULL) {
        report("--connect '%s': %s", url_text, wrong);
        return EXIT_USAGE;
    }
    connection.random_fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (connection.random_fd == -1) {
        report_errno("open /dev/urandom");
        return EXIT_WORLD;
    }
    int status = connection_open(&connection, &url) == 0 ? converse(&connection) : EXIT_WORLD;
    if (connection.fd != -1)
        close(connection.fd);
    close(connection.random_fd);
    return status;
}

/* protocol.c: one file, as the "ok" protocol goes; the other side is file_recv/transfer.c.
 *
 * The FIN says that all has been sent. So a sender that can't send all must not send one: it resets the connection.
 */
#define _DEFAULT_SOURCE /* TCP_QUICKACK */
#include "common/await.h"
#include "send.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_SIZE = 512 }; /* of an answer that is not "ok" more is not shown */

/* Reads what has come of an answer, waiting up to `timeout_ms` for the first of it. Returns the number of bytes, 0 at
 * the end of file, -1 with errno; ETIMEDOUT when nothing came. */
static ssize_t read_answer(int connection, char *text, size_t size, int timeout_ms)
{
    for (;;) {
        int ready = await(connection, POLLIN, timeout_ms);
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready <= 0)
            return -1;
        ssize_t got = read(connection, text, size);
        if (got != -1 || (errno != EAGAIN && errno != EINTR))
            return got;
    }
}

/* Foreign bytes on our terminal: printable, without the line's end. */
static void make_printable(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

/* The receiver has said something else than "ok": the rest of it, as far as it comes at once, is the reason. */
static bool refused(struct transfer *transfer, char *text, size_t length)
{
    ssize_t got;
    while (length < ANSWER_SIZE - 1 && memchr(text, '\n', length) == NULL &&
           (got = read_answer(transfer->connection, text + length, ANSWER_SIZE - 1 - length, 300)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    char *zero = memchr(text, '\0', length);
    if (zero && zero < text + length)
        *zero = '\0';
    make_printable(text);
    return transfer_failed(transfer, "the receiver says: %s", text);
}

bool fail_by_answer(struct transfer *transfer, const char *fallback)
{
    char text[ANSWER_SIZE];
    ssize_t got = read(transfer->connection, text, sizeof text - 1);
    if (got > 0)
        return refused(transfer, text, (size_t)got);
    if (got == -1 && errno != EAGAIN && errno != EINTR)
        fallback = strerror(errno);
    return transfer_failed(transfer, "%s after %lld bytes", fallback, transfer->sent);
}

/* The name goes in one write, so that it travels in one segment and the receiver's first read has all of it. */
static bool send_name(struct transfer *transfer)
{
    size_t length = strlen(transfer->source.name);
    if (write(transfer->connection, transfer->source.name, length) != (ssize_t)length)
        return transfer_failed(transfer, "write the name: %s", strerror(errno));
    return true;
}

/* Exactly "ok", in one segment or in two. */
static bool await_first_ok(struct transfer *transfer)
{
    char text[ANSWER_SIZE];
    size_t length = 0;
    while (length < 2) {
        ssize_t got = read_answer(transfer->connection, text + length, sizeof text - 1 - length,
                                  transfer->options->timeout_ms);
        if (got == -1 && stop_signal())
            return transfer_failed(transfer, "interrupted by %s", stop_signal_name());
        if (got == -1)
            return transfer_failed(transfer, "no answer to the name: %s", strerror(errno));
        if (got == 0)
            return length > 0 ? refused(transfer, text, length)
                              : transfer_failed(transfer, "the receiver closed without an answer to the name");
        length += (size_t)got;
        if (memcmp(text, "ok", length < 2 ? length : 2) != 0)
            return refused(transfer, text, length);
    }
    return length == 2 ? true : refused(transfer, text, length);
}

/* Acknowledge at once what comes: the receiver waits for the ACK of its "o", which by habit is delayed by 40 ms in the
 * hope of data to go with it (tcp(7)). */
static void acknowledge_at_once(int connection)
{
    int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* All is sent, and we stay to be found alive. Returns whether the second "ok" came. */
static bool await_second_ok(struct transfer *transfer)
{
    char text[ANSWER_SIZE];
    size_t length = 0;
    transfer->outcome = UNCONFIRMED;
    for (;;) {
        acknowledge_at_once(transfer->connection);
        ssize_t got = read_answer(transfer->connection, text + length, sizeof text - 1 - length,
                                  transfer->options->confirm_ms);
        if (got == -1 && errno != ETIMEDOUT && !stop_signal())
            return transfer_failed(transfer, "all was sent, then: %s", strerror(errno));
        if (got == -1 || (got == 0 && length == 0)) {
            snprintf(transfer->reason, sizeof transfer->reason, "sent, not confirmed (%s)",
                     got == 0        ? "a classic receiver?"
                     : stop_signal() ? "we were told to end"
                                     : "no answer");
            return false;
        }
        length += (size_t)got;
        if (memcmp(text, "ok", length < 2 ? length : 2) == 0) {
            if (length == 2)
                return true;
            if (got > 0 && length < 2)
                continue;
        }
        if (length > 1 && text[0] == 'o') /* the "o" was a question; what follows is the answer */
            return refused(transfer, memmove(text, text + 1, length - 1), length - 1);
        return got == 0 ? transfer_failed(transfer, "the receiver closed in the middle of its \"ok\"")
                        : refused(transfer, text, length);
    }
}

bool send_file(struct transfer *transfer)
{
    if (!send_name(transfer) || !await_first_ok(transfer) || !send_content(transfer))
        return false;
    if (shutdown(transfer->connection, SHUT_WR) == -1)
        return fail_by_answer(transfer, strerror(errno));
    if (!await_second_ok(transfer))
        return false;
    transfer->outcome = CONFIRMED;
    return true;
}

/* content.c: the content, by sendfile(2) or by the loop of the lesson. sendfile from a file to a socket is Linux; the
 * bytes then never come into this process. */
#include "common/await.h"
#include "send.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

/* What one call of sendfile may send: a part, so that we see signals and show progress. */
enum { PART = 16 * 1024 * 1024 };

static bool write_failed(struct transfer *transfer)
{
    /* A receiver that gives up (its disk is full) says why and then resets: its word may lie here to be read. */
    return fail_by_answer(transfer, strerror(errno));
}

/* Waits until the receiver takes more. A word from it before our end is a refusal. */
static bool wait_for_room(struct transfer *transfer)
{
    int ready = await(transfer->connection, POLLOUT | POLLIN, transfer->options->timeout_ms);
    if (ready == -1)
        return transfer_failed(transfer, "interrupted by %s after %lld bytes", stop_signal_name(), transfer->sent);
    if (ready == 0)
        return transfer_failed(transfer, "the receiver took nothing more for %g s",
                               transfer->options->timeout_ms / 1000.0);
    return ready & POLLIN ? fail_by_answer(transfer, "it closed before the content was sent") : true;
}

/* Between two parts: has a signal come, or a word from the receiver? */
static bool may_go_on(struct transfer *transfer)
{
    show_progress(transfer);
    if (stop_signal_pending())
        return transfer_failed(transfer, "interrupted by %s after %lld bytes", stop_signal_name(), transfer->sent);
    return true;
}

/* Writes all of `data`. */
static bool write_all(struct transfer *transfer, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(transfer->connection, data, length);
        if (written == -1 && errno != EAGAIN && errno != EINTR)
            return write_failed(transfer);
        if (written == -1) {
            if (!wait_for_room(transfer))
                return false;
            continue;
        }
        data += written;
        length -= (size_t)written;
        transfer->sent += written;
    }
    return true;
}

/* The loop of the lesson: read from the file, write to the socket, until read returns 0. */
static bool copy_by_read(struct transfer *transfer)
{
    for (;;) {
        ssize_t got = read(transfer->source.fd, transfer->buffer, (size_t)transfer->options->buffer);
        if (got == -1)
            return transfer_failed(transfer, "read: %s", strerror(errno));
        if (got == 0)
            return true;
        if (!write_all(transfer, transfer->buffer, (size_t)got) || !may_go_on(transfer))
            return false;
    }
}

static bool copy_by_sendfile(struct transfer *transfer)
{
    while (transfer->sent < transfer->source.status.st_size) {
        ssize_t sent = sendfile(transfer->connection, transfer->source.fd, NULL, PART);
        if (sent == 0) /* the file has become shorter */
            return true;
        if (sent > 0) {
            transfer->sent += sent;
            if (!may_go_on(transfer))
                return false;
        } else if (errno == EAGAIN || errno == EINTR) {
            if (!wait_for_room(transfer))
                return false;
        } else if (errno == EINVAL || errno == ENOSYS) { /* a file system without it: the loop goes on from there */
            return copy_by_read(transfer);
        } else {
            return write_failed(transfer);
        }
    }
    return true;
}

bool send_content(struct transfer *transfer)
{
    /* A file of size 0 may have content all the same: those in /proc are made while they are read. */
    bool read_it = transfer->options->copy_read || transfer->source.status.st_size == 0;
    bool sent = read_it ? copy_by_read(transfer) : copy_by_sendfile(transfer);
    if (!sent)
        return false;
    if (transfer->sent < transfer->source.status.st_size)
        return transfer_failed(transfer, "it became shorter while it was sent: %lld of %lld bytes", transfer->sent,
                               (long long)transfer->source.status.st_size);
    if (!source_unchanged(&transfer->source))
        return transfer_failed(transfer, "it changed while it was sent");
    return true;
}

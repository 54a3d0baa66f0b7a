/* transfer.c: one file, as the "ok" protocol goes.
 *
 *     sender                       receiver
 *     name        ───────────────▶            the first read; it has no end of its own, the wait for "ok" is its end
 *                 ◀───────────────  ok        or a line that says why not
 *     content     ───────────────▶            up to the end of file; its length is not said
 *     FIN         ───────────────▶
 *                 ◀───────────────  o         and is the sender still there? (confirm.c)
 *                 ◀───────────────  k         now the file has its name, on disk
 *
 * The first "ok" and the end of file are the classic protocol; the second "ok" is ours.
 */
#include "common/await.h"
#include "common/report.h"
#include "confirm.h"
#include "recv.h"
#include "store.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long the sender of a refused file gets to read why, before the connection is closed. */
enum { DRAIN_MS = 1000 };

static void set_outcome(struct transfer *transfer, enum outcome outcome, const char *reason)
{
    transfer->outcome = outcome;
    snprintf(transfer->reason, sizeof transfer->reason, "%s", reason);
}

/* Waits for bytes, or room for them. Returns whether it came; if not, the transfer is LOST. */
static bool wait_ready(struct transfer *transfer, short event, int timeout_ms)
{
    int ready = await(transfer->connection, event, timeout_ms);
    if (ready == 0)
        set_outcome(transfer, LOST, "nothing moved any more");
    else if (ready == -1)
        set_outcome(transfer, LOST, "we were told to end");
    return ready > 0;
}

/* Sends a few bytes. They fit into an empty send buffer, so a part is an error. */
static bool answer(int connection, const char *text)
{
    return send(connection, text, strlen(text), 0) == (ssize_t)strlen(text);
}

/* Tells the sender why, half-closes, and reads on for a moment: bytes that lie unread when we close would make the
 * kernel send a reset, which may overtake our line. */
static void refuse(struct transfer *transfer, const char *reason)
{
    char line[200], thrown_away[4096];
    set_outcome(transfer, REFUSED, reason);
    snprintf(line, sizeof line, "refused: %s\n", reason);
    if (!answer(transfer->connection, line) || shutdown(transfer->connection, SHUT_WR) == -1)
        return;
    long long end = now_us() + DRAIN_MS * 1000LL, left;
    while ((left = end - now_us()) > 0 && await(transfer->connection, POLLIN, (int)(left / 1000) + 1) > 0) {
        ssize_t got = read(transfer->connection, thrown_away, sizeof thrown_away);
        if (got == 0 || (got == -1 && errno != EAGAIN && errno != EINTR))
            break;
    }
}

/* Reads the name: what the first read gives, or with --name-wait all that comes until it is quiet.
 * Returns whether there is one that can be used. */
static bool receive_name(struct transfer *transfer, const struct recv_options *options)
{
    char name[NAME_SIZE];
    size_t length = 0;
    if (!wait_ready(transfer, POLLIN, options->timeout_ms))
        return false;
    do {
        ssize_t got = read(transfer->connection, name + length, sizeof name - length);
        if (got == -1 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got == -1) {
            set_outcome(transfer, LOST, strerror(errno));
            return false;
        }
        if (got == 0)
            break;
        length += (size_t)got;
    } while (options->name_wait_ms && length < sizeof name &&
             await(transfer->connection, POLLIN, options->name_wait_ms) > 0);
    if (length == 0) {
        set_outcome(transfer, LOST, "it left without a name");
        return false;
    }
    const char *problem = name_problem(name, length);
    if (problem) {
        refuse(transfer, problem);
        return false;
    }
    memcpy(transfer->name, name, length);
    transfer->name[length] = '\0';
    return true;
}

/* A place for the content. Returns whether there is one; if not, the sender has been told. */
static bool begin_file(struct transfer *transfer, struct stored *file, int directory,
                       const struct recv_options *options)
{
    if (!options->overwrite && store_exists(directory, transfer->name)) {
        refuse(transfer, "a file of that name exists (if this is a second try, the first one may have succeeded)");
        return false;
    }
    if (store_begin(file, directory) == -1) {
        refuse(transfer, strerror(errno));
        return false;
    }
    return true;
}

/* The loop of the lesson: read from the socket, write to the file, until read returns 0.
 * Returns whether it came so far. */
static bool receive_content(struct transfer *transfer, struct stored *file, char *buffer,
                            const struct recv_options *options)
{
    for (;;) {
        ssize_t got = read(transfer->connection, buffer, (size_t)options->buffer);
        if (got == 0)
            return true;
        if (got == -1 && errno != EAGAIN && errno != EINTR) {
            set_outcome(transfer, LOST, strerror(errno));
            return false;
        }
        if (got == -1 && !wait_ready(transfer, POLLIN, options->timeout_ms))
            return false;
        if (got == -1)
            continue;
        transfer->bytes += got;
        if (options->max_size >= 0 && transfer->bytes > options->max_size) {
            refuse(transfer, "the file is larger than this receiver allows (--max-size)");
            return false;
        }
        if (store_write(file, buffer, (size_t)got) == -1) {
            refuse(transfer, strerror(errno));
            return false;
        }
        if (stop_signal_pending()) {
            set_outcome(transfer, LOST, "we were told to end");
            return false;
        }
    }
}

/* Keeps a file that may not be whole, beside others of that kind. */
static void keep_unconfirmed(struct transfer *transfer, struct stored *file, const char *why)
{
    char name[NAME_SIZE];
    int result = -1;
    set_outcome(transfer, UNCONFIRMED, why);
    for (int number = 1; result == -1 && number < 1000; number++) {
        unconfirmed_name(transfer->name, number, name);
        result = store_name(file, name, false);
        if (result == -1 && errno != EEXIST)
            break;
    }
    if (result == -1)
        set_outcome(transfer, LOST, strerror(errno));
    else
        memcpy(transfer->kept_as, name, sizeof name);
}

/* Puts the file under its name, and says so to a sender that is `listening`. */
static void keep(struct transfer *transfer, struct stored *file, bool listening, const struct recv_options *options)
{
    if (store_name(file, transfer->name, options->overwrite) == -1) {
        const char *reason = errno == EEXIST ? "a file of that name has appeared meanwhile" : strerror(errno);
        if (listening)
            refuse(transfer, reason);
        else
            set_outcome(transfer, REFUSED, reason);
        return;
    }
    memcpy(transfer->kept_as, transfer->name, sizeof transfer->name);
    if (!listening)
        return;
    transfer->outcome = CONFIRMED;
    answer(transfer->connection, "k"); /* if this is lost the sender does not know: no protocol can mend that */
}

/* All that came is here: is it all there was? */
static void finish(struct transfer *transfer, struct stored *file, const struct recv_options *options)
{
    if (store_sync(file) == -1) {
        refuse(transfer, strerror(errno));
        return;
    }
    enum liveness sender = ask_sender(transfer->connection, options->timeout_ms);
    if (sender == ALIVE) {
        keep(transfer, file, true, options);
    } else if (options->classic) {
        set_outcome(transfer, BELIEVED, "not confirmed: the sender was gone, as classic ones are, and killed ones");
        keep(transfer, file, false, options);
    } else {
        keep_unconfirmed(transfer, file,
                         sender == GONE ? "the sender was gone: killed, or a classic one (--classic believes these)"
                                        : "no answer from the sender");
    }
}

/* A reset tells a sender that still waits that nothing was kept. */
static void reset(int connection)
{
    struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
}

void receive_file(struct transfer *transfer, int directory, char *buffer, const struct recv_options *options)
{
    struct stored file = {.fd = -1};
    transfer->began_us = now_us();
    if (receive_name(transfer, options) && begin_file(transfer, &file, directory, options)) {
        if (!answer(transfer->connection, "ok"))
            set_outcome(transfer, LOST, strerror(errno));
        else if (receive_content(transfer, &file, buffer, options))
            finish(transfer, &file, options);
    }
    store_end(&file);
    if (transfer->outcome == LOST)
        reset(transfer->connection);
    close(transfer->connection);
}

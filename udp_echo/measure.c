/* measure.c: numbered datagrams, one each --interval, and what comes back of them.
 *
 * Nothing that comes is believed: a datagram counts only if it is, byte for byte, one that we sent.
 */
#include "common/address.h"
#include "common/await.h"
#include "common/report.h"
#include "probe.h"
#include "summary.h"
#include "udp_echo.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct run {
    int fd;
    const struct echo_options *options;
    struct narrator *narrator;
    struct tally tally;
    long long start;   /* now_us() of the first probe: the others are due at fixed times after it */
    bool refusal_said; /* the server has gone away meanwhile, which is said once */
};

static long long due(const struct run *run)
{
    return run->start + run->tally.sent * (run->options->interval_ms * 1000LL);
}

static bool all_sent(const struct run *run)
{
    return run->tally.sent == run->options->count;
}

/* Until when to wait for an answer: the next probe's time, or after the last one --timeout. */
static long long wait_until(const struct run *run)
{
    if (!all_sent(run))
        return due(run);
    return run->tally.sent_us[run->tally.sent - 1] + run->options->timeout_ms * 1000LL;
}

static bool finished(const struct run *run)
{
    return all_sent(run) && (run->tally.received == run->tally.sent || now_us() >= wait_until(run));
}

/* send or recv failed: mostly an earlier probe's ICMP error. A server that never answered is not there; one that did
 * may come back, and meanwhile what is sent to it is lost. */
static enum outcome failed_call(struct run *run, const char *operation)
{
    if (errno == EAGAIN || errno == EINTR)
        return ANSWERED;
    bool icmp = errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH;
    if (icmp && run->tally.received == 0)
        return REFUSED;
    if (!icmp || !run->refusal_said)
        report_errno("%s %s port %u", operation, run->options->host, (unsigned)run->options->port);
    run->refusal_said = true;
    return icmp ? ANSWERED : FAILED;
}

/* Sends the next probe. Returns ANSWERED to go on. */
static enum outcome send_probe(struct run *run)
{
    unsigned char bytes[LARGEST_IPV4];
    size_t size = (size_t)run->options->size;
    int number = run->tally.sent;
    long long now = now_us();
    make_probe(bytes, size, (uint32_t)number, (uint64_t)now);
    narrate_call(run->narrator, "send(%d, number %d, %zu)", run->fd, number, size);
    ssize_t sent = send(run->fd, bytes, size, 0);
    if (sent == -1 && errno == EAGAIN) /* the send buffer is full */
        return await(run->fd, POLLOUT, -1) == -1 ? FAILED : ANSWERED;
    if (sent == -1)
        return failed_call(run, "send to"); /* this one was not sent: it is due again */
    run->tally.sent_us[number] = now;
    run->tally.sent++;
    narrate_result(run->narrator, -1, sent, "one datagram");
    return ANSWERED;
}

/* Whether these bytes are a probe of ours, and which. */
static bool is_ours(const struct run *run, const unsigned char *bytes, size_t length, uint32_t *number)
{
    unsigned char wanted[LARGEST_IPV4];
    size_t size = (size_t)run->options->size;
    if (!probe_number(bytes, length, size, number) || *number >= (uint32_t)run->tally.sent)
        return false;
    make_probe(wanted, size, *number, (uint64_t)run->tally.sent_us[*number]);
    return memcmp(bytes, wanted, size) == 0;
}

/* Takes one datagram. Returns ANSWERED to go on. */
static enum outcome receive_probe(struct run *run)
{
    unsigned char bytes[BUFFER_SIZE];
    uint32_t number;
    narrate_call(run->narrator, "recv(%d, buffer, %d)", run->fd, BUFFER_SIZE);
    ssize_t got = recv(run->fd, bytes, sizeof bytes, 0);
    long long now = now_us();
    if (got == -1)
        return failed_call(run, "receive from");
    if (!is_ours(run, bytes, (size_t)got, &number)) {
        run->tally.strange++;
        narrate_result(run->narrator, -1, got, "strange: we have not sent that");
        return ANSWERED;
    }
    bool late = (int)number < run->tally.highest;
    long long took = tally_received(&run->tally, number, now);
    if (took == -1)
        narrate_result(run->narrator, -1, got, "number %u once more", (unsigned)number);
    else
        narrate_result(run->narrator, -1, got, "number %u after %.3f ms%s", (unsigned)number, (double)took / 1000.0,
                       late ? ", out of order" : "");
    return ANSWERED;
}

/* Sends and receives, each when it is time. Returns REFUSED, FAILED, or ANSWERED for anything that has a summary. */
static enum outcome send_and_receive(struct run *run)
{
    enum outcome outcome = ANSWERED;
    run->start = now_us();
    while (outcome == ANSWERED && !finished(run)) {
        if (!all_sent(run) && now_us() >= due(run))
            outcome = send_probe(run);
        if (outcome != ANSWERED || finished(run))
            break;
        long long left_us = wait_until(run) - now_us();
        int ready = await(run->fd, POLLIN, left_us > 0 ? (int)((left_us + 999) / 1000) : 0);
        if (ready == -1)
            break; /* Ctrl-C: the summary of what there is */
        if (ready > 0)
            outcome = receive_probe(run);
    }
    return stop_signal() ? ANSWERED : outcome;
}

static enum outcome print_summary(struct run *run)
{
    struct socket_ends ends = socket_ends_of(run->fd);
    char server[ADDRESS_TEXT_SIZE] = "?";
    if (ends.has_remote)
        address_text((struct sockaddr *)&ends.remote, server);
    if (tally_print(&run->tally, server, run->options->size, run->options->json) == -1) {
        if (!stop_signal())
            report_errno("write standard output");
        return FAILED;
    }
    if (run->tally.received > 0)
        return ANSWERED;
    report("%s port %u: nothing came back", run->options->host, (unsigned)run->options->port);
    return FAILED;
}

enum outcome measure(int fd, const struct echo_options *options, struct narrator *narrator)
{
    struct run run = {.fd = fd, .options = options, .narrator = narrator};
    if (tally_open(&run.tally, options->count) == -1) {
        report_errno("memory for %d datagrams", options->count);
        return FAILED;
    }
    enum outcome outcome = send_and_receive(&run);
    int error = errno;
    if (outcome == ANSWERED)
        outcome = print_summary(&run);
    else if (outcome == FAILED && run.tally.received > 0)
        print_summary(&run); /* what failed has been said; what was measured until then still holds */
    tally_close(&run.tally);
    errno = error;
    return outcome;
}

/* progress.c: how far it is, and what became of it. */
#include "common/await.h"
#include "common/json.h"
#include "common/report.h"
#include "send.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHOW_EVERY_US = 200000, FIRST_SHOWN_US = 500000 };

/* "1.5 GB/s": powers of ten, as networks count. */
static void rate_text(double bytes_per_second, char *text, size_t size)
{
    static const char *const units[] = {"B/s", "kB/s", "MB/s", "GB/s"};
    int unit = 0;
    while (bytes_per_second >= 1000 && unit < 3) {
        bytes_per_second /= 1000;
        unit++;
    }
    snprintf(text, size, "%.3g %s", bytes_per_second, units[unit]);
}

void show_progress(struct transfer *transfer)
{
    if (transfer->options->quiet || transfer->options->json || !isatty(STDERR_FILENO))
        return;
    long long now = now_us(), took = now - transfer->began_us;
    if (took < FIRST_SHOWN_US || now - transfer->shown_us < SHOW_EVERY_US)
        return;
    transfer->shown_us = now;
    char line[400], rate[32];
    double per_second = (double)transfer->sent * 1e6 / (double)took;
    long long left = transfer->source.status.st_size - transfer->sent;
    rate_text(per_second, rate, sizeof rate);
    int length = snprintf(line, sizeof line, "\r%.40s  %3d %%  %lld of %lld bytes  %s  %.0f s left\033[K",
                          transfer->source.name,
                          transfer->source.status.st_size
                              ? (int)((double)transfer->sent * 100.0 / (double)transfer->source.status.st_size)
                              : 0,
                          transfer->sent, (long long)transfer->source.status.st_size, rate,
                          per_second > 0 ? (double)left / per_second : 0.0);
    await_write_all(STDERR_FILENO, line, (size_t)length);
}

void end_progress(struct transfer *transfer)
{
    if (transfer->shown_us)
        await_write_all(STDERR_FILENO, "\r\033[K", 4);
}

static void tell_json(const struct transfer *transfer, double seconds)
{
    static const char *const outcomes[] = {
        [CONFIRMED] = "confirmed", [UNCONFIRMED] = "unconfirmed", [FAILED] = "failed"};
    char line[4096], path[1600], reason[1600];
    int length = snprintf(
        line, sizeof line, "{\"outcome\":\"%s\",\"file\":%s,\"bytes\":%lld,\"seconds\":%.6f,\"reason\":%s}\n",
        outcomes[transfer->outcome], json_string(transfer->source.path, path, sizeof path), transfer->sent, seconds,
        *transfer->reason ? json_string(transfer->reason, reason, sizeof reason) : "null");
    await_write_all(STDOUT_FILENO, line, (size_t)length);
}

void tell_outcome(const struct transfer *transfer)
{
    double seconds = (double)(now_us() - transfer->began_us) / 1e6;
    if (transfer->options->json) {
        tell_json(transfer, seconds);
    } else if (transfer->outcome != CONFIRMED) {
        report("%s: %s", transfer->source.path, transfer->reason);
    } else if (!transfer->options->quiet) {
        char line[1200], rate[32];
        rate_text(seconds > 0 ? (double)transfer->sent / seconds : 0, rate, sizeof rate);
        int length = snprintf(line, sizeof line, "%.1000s: %lld bytes in %.3f s, %s, confirmed\n",
                              transfer->source.path, transfer->sent, seconds, rate);
        await_write_all(STDOUT_FILENO, line, (size_t)length);
    }
}

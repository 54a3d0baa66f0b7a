/* outcome.c: what became of a transfer, for people and for programs. */
#include "common/await.h"
#include "common/json.h"
#include "common/report.h"
#include "recv.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const outcome_names[] = {[CONFIRMED] = "confirmed",
                                            [BELIEVED] = "believed",
                                            [UNCONFIRMED] = "unconfirmed",
                                            [REFUSED] = "refused",
                                            [LOST] = "lost"};

static void tell_json(const struct transfer *transfer, double seconds)
{
    char line[NAME_SIZE * 14 + 1200], name[NAME_SIZE * 6 + 3], kept_as[NAME_SIZE * 6 + 3], reason[1000];
    int length = snprintf(line, sizeof line,
                          "{\"outcome\":\"%s\",\"name\":%s,\"file\":%s,\"bytes\":%lld,\"from\":\"%s\","
                          "\"seconds\":%.6f,\"reason\":%s}\n",
                          outcome_names[transfer->outcome], json_string(transfer->name, name, sizeof name),
                          *transfer->kept_as ? json_string(transfer->kept_as, kept_as, sizeof kept_as) : "null",
                          transfer->bytes, transfer->peer, seconds,
                          *transfer->reason ? json_string(transfer->reason, reason, sizeof reason) : "null");
    await_write_all(STDOUT_FILENO, line, (size_t)length);
}

/* A line on stdout for a file that is here; what went wrong goes to stderr. */
static void tell_line(const struct transfer *transfer, double seconds, bool quiet)
{
    char line[NAME_SIZE + 400];
    if (transfer->outcome == REFUSED || transfer->outcome == LOST) {
        report("%s%sfrom %s, %s after %lld bytes: %s", transfer->name, *transfer->name ? " " : "", transfer->peer,
               outcome_names[transfer->outcome], transfer->bytes, transfer->reason);
        return;
    }
    if (quiet)
        return;
    int length = snprintf(line, sizeof line, "%s: %lld bytes from %s in %.3f s, %s%s\n", transfer->kept_as,
                          transfer->bytes, transfer->peer, seconds,
                          *transfer->reason ? "" : outcome_names[transfer->outcome], transfer->reason);
    await_write_all(STDOUT_FILENO, line, (size_t)length);
}

void tell_outcome(const struct transfer *transfer, const struct recv_options *options)
{
    double seconds = (double)(now_us() - transfer->began_us) / 1e6;
    if (options->json)
        tell_json(transfer, seconds);
    else
        tell_line(transfer, seconds, options->quiet);
}

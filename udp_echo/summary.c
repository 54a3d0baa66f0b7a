/* summary.c: counting what came back, and saying it as ping does. */
#include "summary.h"

#include "common/await.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int tally_open(struct tally *tally, int count)
{
    *tally = (struct tally){.count = count, .highest = -1};
    tally->sent_us = malloc((size_t)count * sizeof *tally->sent_us);
    tally->round_trips = malloc((size_t)count * sizeof *tally->round_trips);
    if (tally->sent_us == NULL || tally->round_trips == NULL) {
        tally_close(tally);
        return -1;
    }
    for (int i = 0; i < count; i++)
        tally->round_trips[i] = -1;
    return 0;
}

void tally_close(struct tally *tally)
{
    free(tally->sent_us);
    free(tally->round_trips);
    tally->sent_us = tally->round_trips = NULL;
}

long long tally_received(struct tally *tally, uint32_t number, long long now)
{
    if (tally->round_trips[number] != -1) {
        tally->duplicated++;
        return -1;
    }
    tally->round_trips[number] = now - tally->sent_us[number];
    tally->received++;
    if ((int)number < tally->highest)
        tally->out_of_order++;
    else
        tally->highest = (int)number;
    return tally->round_trips[number];
}

static int by_size(const void *a, const void *b)
{
    long long left = *(const long long *)a, right = *(const long long *)b;
    return (left > right) - (left < right);
}

/* The round trip that `percent` of the `count` sorted ones do not exceed: the nearest rank. */
static double percentile(const long long *sorted, int count, int percent)
{
    long long rank = ((long long)count * percent + 99) / 100;
    return (double)sorted[rank > 0 ? rank - 1 : 0] / 1000.0;
}

/* The round trips of all that came back, in ms; all 0 if nothing did. */
struct round_trips {
    double min, median, p99, max;
};

/* Moves those that came back to the front, sorts them, and picks. */
static struct round_trips pick_round_trips(struct tally *tally)
{
    long long *sorted = tally->round_trips;
    int came = 0;
    for (int i = 0; i < tally->sent; i++)
        if (sorted[i] != -1)
            sorted[came++] = sorted[i];
    if (came == 0)
        return (struct round_trips){0, 0, 0, 0};
    qsort(sorted, (size_t)came, sizeof *sorted, by_size);
    return (struct round_trips){percentile(sorted, came, 0), percentile(sorted, came, 50), percentile(sorted, came, 99),
                                percentile(sorted, came, 100)};
}

static void write_words(char *text, size_t size, const struct tally *tally, const char *server,
                        const struct round_trips *trip)
{
    int lost = tally->sent - tally->received;
    int at = snprintf(text, size, "%s: %d sent, %d received, %d lost (%.1f %%), %d out of order, %lld duplicated\n",
                      server, tally->sent, tally->received, lost, tally->sent ? 100.0 * lost / tally->sent : 0.0,
                      tally->out_of_order, tally->duplicated);
    if (tally->received > 0)
        at += snprintf(text + at, size - (size_t)at,
                       "round trip: min %.3f ms, median %.3f ms, p99 %.3f ms, max %.3f ms\n", trip->min, trip->median,
                       trip->p99, trip->max);
    if (tally->strange > 0)
        snprintf(text + at, size - (size_t)at, "%lld strange: too short, too long, changed, or a number never sent\n",
                 tally->strange);
}

static void write_json(char *text, size_t size, const struct tally *tally, const char *server, int probe_size,
                       const struct round_trips *trip)
{
    char trips[160] = "null";
    if (tally->received > 0)
        snprintf(trips, sizeof trips, "{\"min\":%.3f,\"median\":%.3f,\"p99\":%.3f,\"max\":%.3f}", trip->min,
                 trip->median, trip->p99, trip->max);
    snprintf(text, size,
             "{\"server\":\"%s\",\"size\":%d,\"sent\":%d,\"received\":%d,\"lost\":%d,\"out_of_order\":%d,"
             "\"duplicated\":%lld,\"strange\":%lld,\"round_trip_ms\":%s}\n",
             server, probe_size, tally->sent, tally->received, tally->sent - tally->received, tally->out_of_order,
             tally->duplicated, tally->strange, trips);
}

int tally_print(struct tally *tally, const char *server, int size, bool json)
{
    char text[800];
    struct round_trips trip = pick_round_trips(tally);
    if (json)
        write_json(text, sizeof text, tally, server, size, &trip);
    else
        write_words(text, sizeof text, tally, server, &trip);
    return await_write_all(STDOUT_FILENO, text, strlen(text));
}

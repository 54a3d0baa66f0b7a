/* rate.c: a table of fixed size, so that a flood of forged addresses costs no memory. */
#include "rate.h"

#include "common/await.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECOND_US = 1000000 };

struct rate_table *rate_open(int per_second)
{
    struct rate_table *table = calloc(1, sizeof *table);
    if (table) {
        table->per_second = per_second;
        table->seed = (uint32_t)now_us() * 2654435761U ^ (uint32_t)getpid();
    }
    return table;
}

static void address_of(const struct sockaddr *peer, uint8_t address[16])
{
    memset(address, 0, 16);
    if (peer->sa_family == AF_INET6)
        memcpy(address, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 16);
    else
        memcpy(address, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
}

/* FNV-1a, begun with the seed. */
static size_t first_place(const struct rate_table *table, const uint8_t address[16])
{
    uint32_t hash = table->seed;
    for (int i = 0; i < 16; i++)
        hash = (hash ^ address[i]) * 16777619U;
    return (hash ^ hash >> 15) % SOURCES;
}

/* A place whose second is over says nothing about its address any more: it can be given away, and nothing is forgotten.
 * If none is free, two addresses share one place and its count; no flood of addresses gets more than the table has. */
static struct source *find_source(struct rate_table *table, int family, const uint8_t address[16], long long now)
{
    size_t first = first_place(table, address);
    struct source *spare = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        struct source *source = &table->sources[(first + i) % SOURCES];
        if (source->family == family && memcmp(source->address, address, sizeof source->address) == 0)
            return source;
        if (!spare && (source->family == 0 || now - source->window_start >= SECOND_US))
            spare = source;
    }
    if (!spare)
        return &table->sources[first];
    spare->family = family;
    memcpy(spare->address, address, sizeof spare->address);
    spare->window_start = now;
    spare->answers = 0;
    return spare;
}

enum verdict rate_ask(struct rate_table *table, const struct sockaddr *peer, long long now)
{
    if (table->per_second == 0)
        return ANSWER;
    uint8_t address[16];
    address_of(peer, address);
    struct source *source = find_source(table, peer->sa_family, address, now);
    if (now - source->window_start >= SECOND_US) {
        source->window_start = now;
        source->answers = 0;
    }
    if (source->answers < table->per_second) {
        source->answers++;
        return ANSWER;
    }
    if (source->answers == table->per_second) { /* counts once past the limit, and no further */
        source->answers++;
        return FIRST_TOO_MANY;
    }
    return TOO_MANY;
}

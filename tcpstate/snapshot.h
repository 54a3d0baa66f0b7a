/* snapshot.h: all sockets of one moment, kept to be compared with those of the next. */
#ifndef TCPSTATE_SNAPSHOT_H
#define TCPSTATE_SNAPSHOT_H

#include "common/socket_table.h"

#include <stddef.h>

struct snapshot {
    struct socket_row *rows; /* sorted by their ends */
    size_t count, room;
};

/* Fills the snapshot, which may hold an older one, with the rows that `filter` wants now.
 * Returns 0, or -1 with errno. The caller frees with snapshot_free(). */
int snapshot_take(struct snapshot *snapshot, struct socket_table *table, const struct socket_filter *filter);

void snapshot_free(struct snapshot *snapshot);

/* Called with a socket's row before and after; NULL for none: it appeared, or it went. */
typedef void change_fn(const struct socket_row *before, const struct socket_row *after, void *context);

/* Calls `fn` for each socket of either snapshot; for those that went first. A socket is known by its two ends; of
 * several with the same ends (listeners that share a port) the first is compared with the first, and so on. */
void snapshot_compare(const struct snapshot *before, const struct snapshot *after, change_fn *fn, void *context);

#endif

#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int keep_row(const struct socket_row *row, void *context)
{
    struct snapshot *snapshot = context;
    if (snapshot->count == snapshot->room) {
        size_t room = snapshot->room ? snapshot->room * 2 : 64;
        struct socket_row *rows = realloc(snapshot->rows, room * sizeof *rows);
        if (rows == NULL)
            return ENOMEM;
        snapshot->rows = rows;
        snapshot->room = room;
    }
    snapshot->rows[snapshot->count++] = *row;
    return 0;
}

static int compare_ports(const struct endpoint *a, const struct endpoint *b)
{
    return (a->port > b->port) - (a->port < b->port);
}

/* The order of two sockets by their ends; ports first, since they differ most. */
static int compare_ends(const struct socket_row *a, const struct socket_row *b)
{
    int order = compare_ports(&a->local, &b->local);
    if (order == 0)
        order = compare_ports(&a->remote, &b->remote);
    if (order == 0)
        order = a->family - b->family;
    if (order == 0)
        order = memcmp(a->local.address, b->local.address, sizeof a->local.address);
    if (order == 0)
        order = memcmp(a->remote.address, b->remote.address, sizeof a->remote.address);
    return order;
}

/* For qsort: sockets with the same ends keep one order by their inode, whatever order the kernel tells them in. */
static int compare_rows(const void *a, const void *b)
{
    const struct socket_row *first = a, *second = b;
    int order = compare_ends(first, second);
    return order ? order : (first->inode > second->inode) - (first->inode < second->inode);
}

int snapshot_take(struct snapshot *snapshot, struct socket_table *table, const struct socket_filter *filter)
{
    snapshot->count = 0;
    int result = socket_table_read(table, filter, keep_row, snapshot);
    if (result > 0)
        errno = result;
    if (snapshot->count > 1)
        qsort(snapshot->rows, snapshot->count, sizeof snapshot->rows[0], compare_rows);
    return result == 0 ? 0 : -1;
}

void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot->rows);
    *snapshot = (struct snapshot){NULL, 0, 0};
}

/* Walks through both sorted lists side by side and calls `fn` for the pairs that are wanted now. */
static void walk(const struct snapshot *before, const struct snapshot *after, bool gone, change_fn *fn, void *context)
{
    size_t i = 0, j = 0;
    while (i < before->count || j < after->count) {
        int order = 0;
        if (i == before->count)
            order = 1;
        else if (j == after->count)
            order = -1;
        else
            order = compare_ends(&before->rows[i], &after->rows[j]);
        const struct socket_row *old = order <= 0 ? &before->rows[i++] : NULL;
        const struct socket_row *new = order >= 0 ? &after->rows[j++] : NULL;
        if ((new == NULL) == gone)
            fn(old, new, context);
    }
}

void snapshot_compare(const struct snapshot *before, const struct snapshot *after, change_fn *fn, void *context)
{
    walk(before, after, true, fn, context);
    walk(before, after, false, fn, context);
}

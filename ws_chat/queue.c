/* queue.c: a ring of references that grows by doubling, and goes when it is empty: most clients are idle. */
#include "queue.h"

#include <stdlib.h>

enum { FIRST_ROOM = 4 };

struct shared *shared_new(size_t length)
{
    struct shared *shared = malloc(sizeof *shared + length);
    if (shared != NULL) {
        shared->references = 1;
        shared->length = length;
    }
    return shared;
}

void shared_release(struct shared *shared)
{
    if (shared != NULL && --shared->references == 0)
        free(shared);
}

static struct shared **place(const struct queue *queue, size_t number)
{
    return &queue->entries[(queue->first + number) % queue->room];
}

static bool grow(struct queue *queue)
{
    size_t room = queue->room > 0 ? 2 * queue->room : FIRST_ROOM;
    struct shared **entries = calloc(room, sizeof(struct shared *));
    if (entries == NULL)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        entries[i] = *place(queue, i);
    free(queue->entries);
    queue->entries = entries;
    queue->room = room;
    queue->first = 0;
    return true;
}

bool queue_add(struct queue *queue, struct shared *shared)
{
    if (queue->count == queue->room && !grow(queue))
        return false;
    *place(queue, queue->count++) = shared;
    queue->bytes += shared->length;
    shared->references++;
    return true;
}

int queue_parts(const struct queue *queue, struct iovec *parts, int most)
{
    int count = 0;
    for (size_t i = 0; i < queue->count && count < most; i++) {
        struct shared *shared = *place(queue, i);
        size_t sent = i == 0 ? queue->sent : 0;
        parts[count++] = (struct iovec){.iov_base = shared->bytes + sent, .iov_len = shared->length - sent};
    }
    return count;
}

void queue_sent(struct queue *queue, size_t bytes)
{
    queue->bytes -= bytes;
    queue->sent += bytes;
    while (queue->count > 0 && queue->sent >= (*place(queue, 0))->length) {
        struct shared *first = *place(queue, 0);
        queue->sent -= first->length;
        queue->first = (queue->first + 1) % queue->room;
        queue->count--;
        shared_release(first);
    }
    if (queue->count == 0)
        queue_free(queue);
}

void queue_cut(struct queue *queue)
{
    size_t kept = queue->sent > 0 ? 1 : 0;
    while (queue->count > kept) {
        struct shared *last = *place(queue, --queue->count);
        queue->bytes -= last->length;
        shared_release(last);
    }
    if (queue->count == 0)
        queue_free(queue);
}

void queue_free(struct queue *queue)
{
    while (queue->count > 0)
        shared_release(*place(queue, --queue->count));
    free(queue->entries);
    *queue = (struct queue){.entries = NULL};
}

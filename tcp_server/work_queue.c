/* work_queue.c: a ring, a mutex and a condition.
 *
 * The bound is the point. Without one, requests that come faster than they are served pile up in memory, each waits
 * longer than the one before, and when the rush is over the server still works for clients that gave up long ago.
 * A batch costs one lock and one wake-up instead of one for each request.
 */
#include "work_queue.h"

#include <errno.h>
#include <stdlib.h>

int queue_open(struct work_queue *queue, size_t size, size_t workers)
{
    *queue = (struct work_queue){.size = size, .workers = workers};
    queue->requests = calloc(size, sizeof(struct connection *));
    if (queue->requests == NULL)
        return -1;
    int error = pthread_mutex_init(&queue->lock, NULL);
    if (error == 0)
        error = pthread_cond_init(&queue->work, NULL);
    errno = error;
    return error == 0 ? 0 : -1;
}

size_t queue_room(struct work_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    size_t room = queue->size - queue->count;
    pthread_mutex_unlock(&queue->lock);
    return room;
}

bool queue_add(struct work_queue *queue, struct connection *request)
{
    pthread_mutex_lock(&queue->lock);
    bool fits = queue->count < queue->size;
    if (fits) {
        queue->requests[(queue->first + queue->count) % queue->size] = request;
        queue->count++;
        pthread_cond_signal(&queue->work); /* one is enough: a batch that is too large for one worker wakes the next */
    }
    pthread_mutex_unlock(&queue->lock);
    return fits;
}

/* The oldest request. The lock is held. */
static struct connection *take_first(struct work_queue *queue)
{
    struct connection *request = queue->requests[queue->first];
    queue->first = (queue->first + 1) % queue->size;
    queue->count--;
    return request;
}

size_t queue_take(struct work_queue *queue, struct connection **batch, size_t most, bool *was_full)
{
    size_t taken = 0;
    pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->is_closed) /* a loop: another worker may have been quicker */
        pthread_cond_wait(&queue->work, &queue->lock);
    *was_full = queue->count == queue->size;
    /* A share, not all: the others would stand idle while requests wait for this one. */
    size_t share = (queue->count + queue->workers - 1) / queue->workers;
    while (!queue->is_closed && taken < share && taken < most)
        batch[taken++] = take_first(queue);
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void queue_close(struct work_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
}

struct connection *queue_left(struct work_queue *queue)
{
    return queue->count > 0 ? take_first(queue) : NULL;
}

void queue_free(struct work_queue *queue)
{
    free(queue->requests);
    pthread_cond_destroy(&queue->work);
    pthread_mutex_destroy(&queue->lock);
}

/* work_queue.h: a bounded queue between threads: one puts requests in, several workers take them out, in batches. */
#ifndef TCP_SERVER_WORK_QUEUE_H
#define TCP_SERVER_WORK_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Here a request is a connection that has become readable (or, if it has unsent bytes, writable). */
struct connection;

struct work_queue {
    pthread_mutex_t lock;         /* guards all that follows */
    pthread_cond_t work;          /* "there is something to take, or the queue is closed" */
    struct connection **requests; /* a ring: `count` of them from `first` on, ours to free */
    size_t size, first, count;    /* size = the bound */
    size_t workers;               /* who share what is in it */
    bool is_closed;
};

/* A queue for at most `size` requests. Returns 0, or -1 with errno. */
int queue_open(struct work_queue *queue, size_t size, size_t workers);

/* How many requests still fit. With one thread that adds, it can only get more. */
size_t queue_room(struct work_queue *queue);

/* Returns false if it is full. */
bool queue_add(struct work_queue *queue, struct connection *request);

/* Waits for requests and takes a batch: this worker's share of what waits, at most `most`. Returns how many, 0 once the
 * queue is closed; *was_full: whoever adds may be waiting for room. */
size_t queue_take(struct work_queue *queue, struct connection **batch, size_t most, bool *was_full);

/* Wakes all workers, which get 0 from now on. What is left in the queue can be taken with queue_left. */
void queue_close(struct work_queue *queue);

/* One of the requests that nobody took, or NULL; then frees. For when the workers have ended. */
struct connection *queue_left(struct work_queue *queue);
void queue_free(struct work_queue *queue);

#endif

/* queue.h: what waits to be sent to a client. A frame that goes to a thousand clients is there once: each queue holds
 * a reference, and the last one to send it frees it. */
#ifndef WS_CHAT_QUEUE_H
#define WS_CHAT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Bytes to be sent, with the number of those who hold them. */
struct shared {
    size_t references;
    size_t length;
    uint8_t bytes[];
};

/* Returns room for `length` bytes with one reference, the caller's; NULL without memory. */
struct shared *shared_new(size_t length);

/* Gives one reference back. NULL is nothing. */
void shared_release(struct shared *shared);

/* All zero is an empty queue; an empty queue holds no memory. */
struct queue {
    struct shared **entries; /* a ring of `room` places, ... */
    size_t room, first, count;
    size_t bytes; /* that wait, in all */
    size_t sent;  /* of the first entry */
};

/* Takes a reference of its own. Returns false without memory. */
bool queue_add(struct queue *queue, struct shared *shared);

/* Fills at most `most` parts with what is to be sent next, for writev(2). Returns how many. */
int queue_parts(const struct queue *queue, struct iovec *parts, int most);

/* So many bytes were sent. */
void queue_sent(struct queue *queue, size_t bytes);

/* Throws away what was not begun: a frame of which a part was sent has to go on, or the other end sees nonsense. */
void queue_cut(struct queue *queue);

void queue_free(struct queue *queue);

#endif

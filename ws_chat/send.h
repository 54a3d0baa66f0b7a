/* send.h: frames out, to one client or to all, none of whom may hold up the others. */
#ifndef WS_CHAT_SEND_H
#define WS_CHAT_SEND_H

#include "server.h"

/* Makes a frame whose payload are `count` parts, one behind the other. Returns it with one reference, or NULL. */
struct shared *frame_of(enum opcode opcode, const struct iovec *parts, int count);

/* Puts a text message for a client in the room into its queue, or does what --slow says where that is full. */
void send_message(struct server *server, struct client *client, struct shared *frame);

/* The same to all in the room but `except` (NULL: to all). Returns to how many. */
size_t send_to_all(struct server *server, const struct client *except, struct shared *frame);

/* A text message of the server's own, printf-like, to one or to all but one. */
void tell(struct server *server, struct client *client, const char *format, ...) __attribute__((format(printf, 3, 4)));
void tell_all(struct server *server, const struct client *except, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ping, Pong and Close go into the queue whatever waits there; but a Pong is left out where the queue is full: a later
 * one answers for it (RFC 6455, section 5.5.3). */
void send_control(struct server *server, struct client *client, enum opcode opcode, const void *payload, size_t length);

/* Puts bytes that are no frame into the queue. Returns false without memory. */
bool send_bytes(struct server *server, struct client *client, const void *first, size_t first_length,
                const void *second, size_t second_length);

/* Writes what waits, as far as the kernel takes it. Returns 0, or -1 with errno: the connection is broken. */
int send_queue(struct client *client);

#endif

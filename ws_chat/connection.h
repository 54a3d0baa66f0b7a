/* connection.h: a connection from accept to close; the loop calls these when something can be done. */
#ifndef WS_CHAT_CONNECTION_H
#define WS_CHAT_CONNECTION_H

#include "server.h"

/* A connection was accepted. Returns the client, NULL without memory: `fd` is closed then. */
struct client *connection_begin(struct server *server, int fd, const struct sockaddr *peer);

/* Bytes, the end of file or an error are there to be read. */
void connection_read(struct server *server, struct client *client);

/* What waits is written, and what has to come after that is done. */
void connection_write(struct server *server, struct client *client);

/* Its deadline has passed. */
void connection_late(struct server *server, struct client *client);

/* Begins the closing handshake with a client in the room (RFC 6455, section 7.1.2). */
void connection_close(struct server *server, struct client *client, enum close_code code, const char *reason);

/* Closes the descriptor, now. `why` is told if the client was in the room still. */
void connection_gone(struct server *server, struct client *client, const char *why);

/* The end of what we send: our FIN follows what waits, and then the other end's is awaited. */
void connection_end(struct server *server, struct client *client);

/* Bytes of an HTTP request came. Returns how many of them belong to it; what is left belongs to the frames.
 * (request.c) */
size_t request_take(struct server *server, struct client *client, const uint8_t *bytes, size_t length);

/* Answers with an error, and ends. (request.c) */
void request_refuse(struct server *server, struct client *client, int status, const char *reason);

#endif

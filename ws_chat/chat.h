/* chat.h: the room: who comes, what they say, who leaves. */
#ifndef WS_CHAT_CHAT_H
#define WS_CHAT_CHAT_H

#include "server.h"

/* The client is upgraded: it gets a name and is told of what there is to say; the others are told of it. */
void chat_join(struct server *server, struct client *client);

/* A text message came. Returns false when the client wants to leave. */
bool chat_message(struct server *server, struct client *client, const uint8_t *bytes, size_t length);

/* The client leaves the room, `why` for our own narration. Its connection may still have to be closed. */
void chat_leave(struct server *server, struct client *client, const char *why);

#endif

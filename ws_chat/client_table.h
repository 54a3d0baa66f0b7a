/* client_table.h: who is connected. */
#ifndef WS_CHAT_CLIENT_TABLE_H
#define WS_CHAT_CLIENT_TABLE_H

#include "common/address.h"
#include "common/narrate.h"
#include "message.h"
#include "queue.h"
#include "trace.h"

/* The life of a connection. */
enum phase {
    PHASE_REQUEST, /* its HTTP request has not come whole */
    PHASE_OPEN,    /* upgraded: it is in the room */
    PHASE_CLOSING, /* our Close frame is on its way, the other end's is awaited */
    PHASE_ENDING,  /* what waits is sent, then our FIN; then the other end's FIN is awaited */
    PHASE_GONE     /* closed; the memory goes at the end of the loop's turn */
};

enum {
    NAME_CHARACTERS = 20,
    NAME_SIZE = 4 * NAME_CHARACTERS + 1 /* of UTF-8, and the final zero */
};

struct client {
    int fd;
    enum phase phase;
    char name[NAME_SIZE];            /* "" outside the room */
    char address[ADDRESS_TEXT_SIZE]; /* "127.0.0.1:51274" */
    struct socket_ends *ends;        /* for our narration, after the close; NULL without */

    char *head; /* PHASE_REQUEST: what has come of the request */
    size_t head_length;
    struct message_reader reader;
    struct queue queue;

    long long deadline;    /* now_us() at which something is to be done, by phase */
    long long heard;       /* PHASE_OPEN: when its last byte came */
    bool pinged;           /* asked since then whether it is still there */
    bool input_ended;      /* its FIN has come */
    bool shut;             /* our FIN is sent */
    bool too_slow;         /* --slow evict: more would have waited than may */
    size_t dropped;        /* --slow drop: messages that it was not sent, and was not told of */
    struct traces *traces; /* --trace; NULL without */
    unsigned watched;      /* what epoll was told to look for */

    struct client *previous, *next; /* in the table */
    struct client *next_busy;       /* in the list of those that have something to send */
    bool busy;
};

/* Those who came first stand first. */
struct client_table {
    struct client *first, *last;
    size_t count;
    unsigned long long guests; /* so many names guestN were given */
};

/* Returns a new client in the table, NULL without memory. */
struct client *table_add(struct client_table *table, int fd);

/* Takes it out of the table; its memory stays, for client_free. */
void table_remove(struct client_table *table, struct client *client);

void client_free(struct client *client);

/* Who is in the room under this name; NULL if nobody is. */
struct client *table_find(const struct client_table *table, const char *name, size_t length);

/* Gives the client a name guestN that nobody has. */
void table_name_guest(struct client_table *table, struct client *client);

#endif

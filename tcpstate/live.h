/* live.h: one connection of a port, followed through its states at both ends. */
#ifndef TCPSTATE_LIVE_H
#define TCPSTATE_LIVE_H

#include "common/socket_table.h"
#include "snapshot.h"

#include <stdbool.h>

enum { PATH_LENGTH = 32 };

/* The states of one end, oldest first. */
struct path {
    struct {
        enum tcp_state state;
        bool seen; /* the kernel showed it; otherwise it lay between two looks and is inferred */
    } steps[PATH_LENGTH];
    int count;
    int forgotten; /* how many older ones there was no room for */
};

struct live {
    struct socket_table table;
    struct socket_filter filter; /* the port */
    struct snapshot before, after;
    bool listens;           /* a socket is in LISTEN */
    bool follows;           /* a connection is followed, ... */
    bool lives;             /* ... not only its TIME_WAIT, ... */
    struct endpoint client; /* ... this one, an IPv4 address in IPv6's form (::ffff:127.0.0.1), ... */
    int number;             /* ... the first, the second, ... */
    bool server_seen;       /* ... and the kernel has shown a row of its server's end */
    int others;             /* how many further connections there are now */
    struct path server_path, client_path;
};

/* Opens the reader for `port`. Returns 0, or -1 with errno. The caller ends it with live_close(). */
int live_open(struct live *live, uint16_t port);
void live_close(struct live *live);

/* Looks at the kernel's sockets once more. Returns 1 if a path or the number of others has changed, 0 if not, -1 with
 * errno. The newest connection is followed; one that is only a TIME_WAIT gives way to it, and not the other way. */
int live_look(struct live *live);

/* The state an end is in: CLOSED before its path begins. */
enum tcp_state path_end(const struct path *path);

/* Writes "LISTEN > (SYN_RECV) > ESTABLISHED" into `text`, the states as `name_of` spells them, the beginning cut where
 * it does not fit. */
void path_text(const struct path *path, const char *(*name_of)(enum tcp_state), char *text, size_t size);

#endif

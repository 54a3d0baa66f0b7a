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
};

struct live {
    struct socket_table table;
    struct socket_filter filter; /* the port */
    struct snapshot before, after;
    bool listens;           /* a socket is in LISTEN */
    bool follows;           /* a connection is followed, ... */
    struct endpoint client; /* ... this one, ... */
    int family;             /* ... IPv4 or IPv6 */
    int others;             /* how many further connections there are now */
    struct path server_path, client_path;
};

/* Opens the reader for `port`. Returns 0, or -1 with errno. The caller ends it with live_close(). */
int live_open(struct live *live, uint16_t port);
void live_close(struct live *live);

/* Looks at the kernel's sockets once more. Returns 1 if a path or the number of others has changed, 0 if not, -1 with
 * errno. The newest connection is followed; of those that are there at the first look, one that lives. */
int live_look(struct live *live);

/* The state an end is in: CLOSED before its path begins. */
enum tcp_state path_end(const struct path *path);

/* Writes "LISTEN > (SYN_RECV) > ESTABLISHED" into `text`, its beginning cut where it does not fit. */
void path_text(const struct path *path, char *text, size_t size);

#endif

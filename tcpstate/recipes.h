/* recipes.h: how a real socket is brought into each state, with plain socket calls on loopback and no privilege.
 *
 * The calls of a recipe stand in recipes_open.c and recipes_close.c; here is the scene they play on: a server's
 * listening socket, a client, and the server's end of the connection.
 */
#ifndef TCPSTATE_RECIPES_H
#define TCPSTATE_RECIPES_H

#include "common/socket_table.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum scene_end { CLIENT, SERVER, LISTENER };

struct scene {
    int family;                     /* AF_INET: 127.0.0.1, AF_INET6: ::1 */
    uint16_t port;                  /* the listener's; 0 = the kernel chooses */
    int listen_fd;                  /* these four: -1 = none */
    int client_fd;                  /* non-blocking, as all of them */
    int server_fd;                  /* the server's end of the connection, from accept */
    int filler_fd;                  /* another client, which only fills the accept queue */
    struct sockaddr_storage server; /* the listener's address, known after scene_listen */
    struct sockaddr_storage client; /* the client's, known after scene_call_client */
    socklen_t address_size;         /* of both */
};

/* ---- recipes.c. What returns int returns 0, or -1: the reason has been reported, or a stop signal came. */

/* An empty stage. */
struct scene scene_of(int family, uint16_t port);

/* "::1" or "127.0.0.1", as a socket address with that port. */
struct sockaddr_storage loopback_address(int family, uint16_t port, socklen_t *size);

/* A fresh socket with SO_REUSEADDR and small buffers, non-blocking and close-on-exec. Returns it or -1. */
int scene_socket(int family);

/* bind and listen on the scene's port. */
int scene_listen(struct scene *scene, int backlog);

/* Starts a connection to the listener without waiting. Returns the socket or -1. */
int scene_call(const struct scene *scene);

/* The same for the scene's client, whose address is then known. */
int scene_call_client(struct scene *scene);

/* Waits until the connection that was started on `fd` is there. Returns 0, or -1 with errno, not reported. */
int await_connection(int fd);

/* The client connects, and the handshake is complete when this returns. */
int scene_connect(struct scene *scene);

/* The server takes the connection out of the accept queue. */
int scene_accept(struct scene *scene);

/* The three above, with a listener that is closed again: only the connection's two rows are left. */
int scene_establish(struct scene *scene);

/* Writes until the peer's window and our send buffer are full. Returns how many bytes that took, or -1. */
long fill_window(int fd);

/* Reads everything up to end of file. Returns how many bytes that was, or -1. */
long read_to_end(int fd);

/* Reports "operation: reason of errno"; returns -1. */
int call_failed(const char *operation);

/* The row that the kernel shows for that end now. Returns 1 and *row, 0 for none, -1 with errno. */
int scene_row(struct socket_table *table, const struct scene *scene, enum scene_end end, struct socket_row *row);

/* Closes every socket with a reset (SO_LINGER 0): no row stays, but TIME_WAIT, which has no socket any more. */
void scene_end(struct scene *scene);

/* ---- the recipes */

typedef int recipe_fn(struct scene *scene);

struct recipe {
    enum tcp_state state;
    enum scene_end end;        /* which end is then in the state */
    enum scene_end peer_end;   /* and whose row belongs beside it, ... */
    enum tcp_state peer_state; /* ... in this state; CLOSED = it has no row, NONE = there is no peer */
    recipe_fn *reach;          /* makes the calls, as a scene_ function */
    const char *calls;         /* what it calls, for people; the lines of a paragraph */
};

/* The recipe for `state`, or NULL: CLOSED has none. */
const struct recipe *recipe_for(enum tcp_state state);

/* recipes_open.c */
recipe_fn reach_listen, reach_syn_sent, reach_syn_recv, reach_established;

/* recipes_close.c */
recipe_fn reach_fin_wait1, reach_fin_wait2, reach_close_wait, reach_closing, reach_last_ack, reach_time_wait;

/* ---- recipe_limits.c */

/* Writes into `text` how long the kernel lets `scene` stay in `state`, from this kernel's own settings. */
void limit_text(enum tcp_state state, const struct scene *scene, char *text, size_t size);

/* Writes why this kernel may have refused `state`: a setting that forbids it. Empty if none is known. */
void suspect_text(enum tcp_state state, char *text, size_t size);

#endif

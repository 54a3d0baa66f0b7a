/* recipes_open.c: the states before and in a connection: LISTEN, SYN_SENT, SYN_RECV, ESTABLISHED. */
#include "recipes.h"

#include <netinet/in.h>
#include <netinet/tcp.h> /* TCP_DEFER_ACCEPT, Linux only */
#include <unistd.h>

/* LISTEN: the server waits for anybody. */
int reach_listen(struct scene *scene)
{
    return scene_listen(scene, 1);
}

/* SYN_SENT: the client's SYN is not answered. On Linux a queue of listen(0) holds one connection; while it is full the
 * kernel drops every further SYN, and the client goes on repeating its own. */
int reach_syn_sent(struct scene *scene)
{
    if (scene_listen(scene, 0) == -1)
        return -1;
    if (scene_connect(scene) == -1) /* fills the queue: nobody accepts */
        return -1;
    scene->filler_fd = scene->client_fd;

    scene->client_fd = -1;
    return scene_call_client(scene); /* connect() returns at once: EINPROGRESS */
}

/* SYN_RECV: the server's kernel has answered a SYN and takes the handshake for incomplete. With TCP_DEFER_ACCEPT it
 * ignores the bare ACK and waits for the client's first byte, which never comes. */
int reach_syn_recv(struct scene *scene)
{
    /* The kernel counts in repeats of its SYN+ACK, 1, 2, 4 ... 120 s apart: an hour stays far from where that
     * count overflows (it has 7 bits). */
    int seconds = 3600;
    if (scene_listen(scene, 1) == -1)
        return -1;
    if (setsockopt(scene->listen_fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds) == -1)
        return call_failed("setsockopt TCP_DEFER_ACCEPT");
    return scene_connect(scene);
}

/* ESTABLISHED: both ends may send. */
int reach_established(struct scene *scene)
{
    return scene_establish(scene);
}

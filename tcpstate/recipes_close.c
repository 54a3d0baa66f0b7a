/* recipes_close.c: the states of a connection that ends. shutdown(SHUT_WR) sends the FIN and keeps the socket open.
 *
 * Three of them pass in microseconds on loopback. They stay when the FIN can't leave: it queues behind data for which
 * the other end, by not reading, gives no window.
 */
#include "recipes.h"

#include <unistd.h>

/* FIN_WAIT1: the client's FIN waits behind its data, because the server does not read. */
int reach_fin_wait1(struct scene *scene)
{
    if (scene_establish(scene) == -1 || fill_window(scene->client_fd) == -1)
        return -1;
    return shutdown(scene->client_fd, SHUT_WR) == 0 ? 0 : call_failed("shutdown");
}

/* FIN_WAIT2 at the client, CLOSE_WAIT at the server: one FIN is sent and acknowledged, the server sends none. */
int reach_fin_wait2(struct scene *scene)
{
    if (scene_establish(scene) == -1)
        return -1;
    return shutdown(scene->client_fd, SHUT_WR) == 0 ? 0 : call_failed("shutdown");
}

/* The same connection, seen from the other end. */
int reach_close_wait(struct scene *scene)
{
    return reach_fin_wait2(scene);
}

/* LAST_ACK: the server closes second, and its FIN waits behind data that the client does not read. */
int reach_last_ack(struct scene *scene)
{
    if (scene_establish(scene) == -1)
        return -1;
    if (shutdown(scene->client_fd, SHUT_WR) == -1)
        return call_failed("shutdown");
    if (read_to_end(scene->server_fd) == -1 ||
        fill_window(scene->server_fd) == -1) /* read: 0 bytes, the FIN is there */
        return -1;
    return shutdown(scene->server_fd, SHUT_WR) == 0 ? 0 : call_failed("shutdown");
}

/* CLOSING: both ends close at once (both FINs wait behind data: FIN_WAIT1 twice). Then the client reads: the server's
 * FIN arrives, and the client has a FIN from its peer before the acknowledgment of its own. */
int reach_closing(struct scene *scene)
{
    if (scene_establish(scene) == -1)
        return -1;
    if (fill_window(scene->client_fd) == -1 || fill_window(scene->server_fd) == -1)
        return -1;
    if (shutdown(scene->client_fd, SHUT_WR) == -1 || shutdown(scene->server_fd, SHUT_WR) == -1)
        return call_failed("shutdown");
    return read_to_end(scene->client_fd) == -1 ? -1 : 0;
}

/* TIME_WAIT: the client closes first, the server second. The client's kernel then waits for 2 MSL. */
int reach_time_wait(struct scene *scene)
{
    if (scene_establish(scene) == -1)
        return -1;
    if (shutdown(scene->client_fd, SHUT_WR) == -1)
        return call_failed("shutdown");
    if (read_to_end(scene->server_fd) == -1)
        return -1;
    close(scene->server_fd); /* its FIN; ours is acknowledged by then */
    scene->server_fd = -1;
    return read_to_end(scene->client_fd) == -1 ? -1 : 0;
}

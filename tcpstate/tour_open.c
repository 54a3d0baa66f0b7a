/* tour_open.c: the parts of the tour in which a connection comes about. */
#include "tour.h"

#include <netinet/in.h>
#include <netinet/tcp.h> /* TCP_DEFER_ACCEPT, Linux only */
#include <unistd.h>

bool tour_handshake(struct tour *tour)
{
    struct scene *scene = &tour->scene;
    tour_begin_part(tour, "Opening: passive and active",
                    "One end waits, the other calls; three segments, SYN, SYN+ACK, ACK, do it.");
    if (!tour_call(tour, "server", "listen(fd, 1)") || scene_listen(scene, 1) == -1)
        return false;
    if (!tour_see(tour, STATE_CLOSED, STATE_LISTEN))
        return false;

    if (!tour_call(tour, "client", "connect(fd, server)") || scene_connect(scene) == -1)
        return false;
    tour_passed(tour, STATE_SYN_SENT, STATE_SYN_RECV);
    if (!tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED))
        return false;

    if (!tour_call(tour, "server", "accept(fd)") || scene_accept(scene) == -1)
        return false;
    tour->accepted = true;
    if (!tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED))
        return false;
    tour_note(tour, "accept changed nothing: the kernel had done the handshake by itself.");
    return true;
}

bool tour_syn_sent(struct tour *tour)
{
    struct scene *scene = &tour->scene;
    tour_begin_part(tour, "SYN_SENT, caught: nobody answers",
                    "A full accept queue makes the kernel drop the SYN; the client repeats it.");
    if (!tour_call(tour, "server", "listen(fd, 0)") || scene_listen(scene, 0) == -1)
        return false;
    if (!tour_see(tour, STATE_CLOSED, STATE_LISTEN))
        return false;

    if (!tour_call(tour, "other", "connect(fd): it fills the queue") || (scene->filler_fd = scene_call(scene)) == -1)
        return false;
    if (!tour_see(tour, STATE_CLOSED, STATE_LISTEN))
        return false;

    if (!tour_call(tour, "client", "connect(fd, server)") || scene_call_client(scene) == -1)
        return false;
    if (!tour_see(tour, STATE_SYN_SENT, STATE_LISTEN))
        return false;

    if (!tour_call(tour, "server", "accept(fd): it takes the other") || scene_accept(scene) == -1)
        return false;
    if (!tour_see(tour, STATE_SYN_SENT, STATE_LISTEN))
        return false;
    tour_note(tour, "Now there is room for the next SYN, 1 s after the first.");
    return tour_call(tour, "kernel", "sends the SYN again") && tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED);
}

bool tour_syn_recv(struct tour *tour)
{
    struct scene *scene = &tour->scene;
    int seconds = 60;
    tour_begin_part(tour, "SYN_RECV, caught: a server that waits for data",
                    "With TCP_DEFER_ACCEPT the third segment, a bare ACK, does not count.");
    if (!tour_call(tour, "server", "TCP_DEFER_ACCEPT, listen(fd, 1)") || scene_listen(scene, 1) == -1)
        return false;
    if (setsockopt(scene->listen_fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds) == -1)
        return call_failed("setsockopt TCP_DEFER_ACCEPT") == 0;
    if (!tour_see(tour, STATE_CLOSED, STATE_LISTEN))
        return false;

    if (!tour_call(tour, "client", "connect(fd, server)") || scene_connect(scene) == -1)
        return false;
    if (!tour_see(tour, STATE_ESTABLISHED, STATE_SYN_RECV))
        return false;
    tour_note(tour, "One connection, and its two ends disagree about it.");

    if (!tour_call(tour, "client", "send(fd, \"x\", 1)"))
        return false;
    if (send(scene->client_fd, "x", 1, MSG_NOSIGNAL) == -1)
        return call_failed("send") == 0;
    return tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED);
}

bool tour_simultaneous_open(struct tour *tour)
{
    struct scene *scene = &tour->scene;
    tour_begin_part(tour, "Simultaneous open: a socket that calls itself",
                    "Two SYNs that cross need no listener. Here one socket is both ends.");
    tour->one_socket = true;
    scene->client = loopback_address(scene->family, 0, &scene->address_size);
    if (!tour_call(tour, "both", "bind(fd, port)") || (scene->client_fd = scene_socket(scene->family)) == -1)
        return false;
    if (bind(scene->client_fd, (struct sockaddr *)&scene->client, scene->address_size) == -1)
        return call_failed("bind") == 0;
    socklen_t size = sizeof scene->client;
    if (getsockname(scene->client_fd, (struct sockaddr *)&scene->client, &size) == -1)
        return call_failed("getsockname") == 0;
    scene->server = scene->client;
    if (!tour_see(tour, STATE_CLOSED, STATE_CLOSED))
        return false;

    if (!tour_call(tour, "both", "connect(fd, the same port)"))
        return false;
    (void)connect(scene->client_fd, (struct sockaddr *)&scene->server, scene->address_size);
    if (await_connection(scene->client_fd) == -1)
        return call_failed("connect") == 0;
    tour_passed(tour, STATE_SYN_SENT, STATE_SYN_SENT);
    tour_passed(tour, STATE_SYN_RECV, STATE_SYN_RECV);
    if (!tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED))
        return false;
    tour_note(tour, "No LISTEN anywhere, and one row that names the same port twice.");

    if (!tour_call(tour, "both", "shutdown(fd, SHUT_WR)"))
        return false;
    if (shutdown(scene->client_fd, SHUT_WR) == -1)
        return call_failed("shutdown") == 0;
    tour_passed(tour, STATE_FIN_WAIT1, STATE_FIN_WAIT1);
    tour_passed(tour, STATE_CLOSING, STATE_CLOSING);
    return tour_see(tour, STATE_TIME_WAIT, STATE_TIME_WAIT);
}

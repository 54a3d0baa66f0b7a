/* tour_close.c: the parts of the tour in which a connection ends. */
#include "tour.h"

#include "common/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The calls of part 1 in one line. */
static bool open_connection(struct tour *tour)
{
    struct scene *scene = &tour->scene;
    if (!tour_call(tour, "both", "listen, connect, accept") || scene_listen(scene, 1) == -1 ||
        scene_connect(scene) == -1 || scene_accept(scene) == -1)
        return false;
    tour->accepted = true;
    return tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED);
}

/* One end's shutdown(SHUT_WR): its FIN is sent behind whatever is still in its send buffer. */
static bool send_fin(struct tour *tour, enum scene_end end)
{
    int fd = end == CLIENT ? tour->scene.client_fd : tour->scene.server_fd;
    if (!tour_call(tour, end == CLIENT ? "client" : "server", "shutdown(fd, SHUT_WR)"))
        return false;
    return shutdown(fd, SHUT_WR) == 0 || call_failed("shutdown") == 0;
}

/* One end writes until nothing more fits: from now on a FIN of its will have to wait. */
static bool fill(struct tour *tour, enum scene_end end)
{
    int fd = end == CLIENT ? tour->scene.client_fd : tour->scene.server_fd;
    if (!tour_call(tour, end == CLIENT ? "client" : "server", "send(fd) until nothing fits"))
        return false;
    return fill_window(fd) != -1;
}

/* One end reads everything up to the other's FIN. */
static bool read_all(struct tour *tour, enum scene_end end, const char *call)
{
    int fd = end == CLIENT ? tour->scene.client_fd : tour->scene.server_fd;
    return tour_call(tour, end == CLIENT ? "client" : "server", "%s", call) && read_to_end(fd) != -1;
}

/* One end's close(). */
static bool close_end(struct tour *tour, enum scene_end end)
{
    int *fd = end == CLIENT ? &tour->scene.client_fd : &tour->scene.server_fd;
    if (!tour_call(tour, end == CLIENT ? "client" : "server", "close(fd)"))
        return false;
    close(*fd);
    *fd = -1;
    return true;
}

bool tour_half_close(struct tour *tour)
{
    tour_begin_part(tour, "Closing: active and passive, one half at a time",
                    "Each direction has a FIN of its own; between the two, data may still flow.");
    if (!open_connection(tour))
        return false;
    if (!send_fin(tour, CLIENT))
        return false;
    tour_passed(tour, STATE_FIN_WAIT1, STATE_CLOSE_WAIT);
    if (!tour_see(tour, STATE_FIN_WAIT2, STATE_CLOSE_WAIT))
        return false;

    if (!read_all(tour, SERVER, "read(fd) = 0: end of file") || !tour_see(tour, STATE_FIN_WAIT2, STATE_CLOSE_WAIT))
        return false;
    if (!tour_call(tour, "server", "send(fd, \"still here\", 10)"))
        return false;
    if (send(tour->scene.server_fd, "still here", 10, MSG_NOSIGNAL) == -1)
        return call_failed("send") == 0;
    if (!tour_see(tour, STATE_FIN_WAIT2, STATE_CLOSE_WAIT))
        return false;

    if (!tour_call(tour, "client", "read(fd)"))
        return false;
    char data[16];
    ssize_t got = read(tour->scene.client_fd, data, sizeof data);
    if (got == -1)
        return call_failed("read") == 0;
    if (!tour_see(tour, STATE_FIN_WAIT2, STATE_CLOSE_WAIT))
        return false;
    tour_note(tour, "The client got %zd bytes: its half is closed, the server's is not.", got);

    if (!close_end(tour, SERVER))
        return false;
    tour_passed(tour, STATE_FIN_WAIT2, STATE_LAST_ACK);
    return tour_see(tour, STATE_TIME_WAIT, STATE_CLOSED);
}

bool tour_fin_waits(struct tour *tour)
{
    tour_begin_part(tour, "FIN_WAIT1 and LAST_ACK, caught: a FIN that has to queue",
                    "A FIN travels behind the data; who does not read gives no room, so it waits.");
    if (!open_connection(tour))
        return false;
    if (!fill(tour, CLIENT) || !tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED))
        return false;
    if (!send_fin(tour, CLIENT) || !tour_see(tour, STATE_FIN_WAIT1, STATE_ESTABLISHED))
        return false;
    if (!read_all(tour, SERVER, "read(fd) up to end of file") || !tour_see(tour, STATE_FIN_WAIT2, STATE_CLOSE_WAIT))
        return false;
    if (!fill(tour, SERVER) || !tour_see(tour, STATE_FIN_WAIT2, STATE_CLOSE_WAIT))
        return false;
    if (!send_fin(tour, SERVER) || !tour_see(tour, STATE_FIN_WAIT2, STATE_LAST_ACK))
        return false;
    return read_all(tour, CLIENT, "read(fd) up to end of file") && tour_see(tour, STATE_TIME_WAIT, STATE_CLOSED);
}

bool tour_simultaneous_close(struct tour *tour)
{
    tour_begin_part(tour, "Simultaneous close: both close first",
                    "Two FINs cross. Who has the other's FIN, but no ACK of his own, is CLOSING.");
    if (!open_connection(tour))
        return false;
    if (!fill(tour, CLIENT) || !tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED))
        return false;
    if (!fill(tour, SERVER) || !tour_see(tour, STATE_ESTABLISHED, STATE_ESTABLISHED))
        return false;
    if (!send_fin(tour, CLIENT) || !tour_see(tour, STATE_FIN_WAIT1, STATE_ESTABLISHED))
        return false;
    if (!send_fin(tour, SERVER) || !tour_see(tour, STATE_FIN_WAIT1, STATE_FIN_WAIT1))
        return false;
    if (!read_all(tour, CLIENT, "read(fd) up to end of file") || !tour_see(tour, STATE_CLOSING, STATE_FIN_WAIT2))
        return false;
    if (!read_all(tour, SERVER, "read(fd) up to end of file") || !tour_see(tour, STATE_TIME_WAIT, STATE_TIME_WAIT))
        return false;
    tour_note(tour, "Both closed first, so both wait.");
    return true;
}

/* Says what `call`, which had to fail, came to. Returns whether it failed with the error `wanted`; 0 = it succeeded. */
static bool tell_failure(struct tour *tour, const char *call, int error, int wanted)
{
    if (error == wanted) {
        tour_note(tour, "%s = -1: %s", call, strerror(error));
        return true;
    }
    report("tour, part %d: %s should have failed (%s), but: %s", tour->part, call, strerror(wanted),
           error == 0 ? "it succeeded" : strerror(error));
    return false;
}

/* The errno of a call that returned `result`. */
static int error_of(long result)
{
    return result == -1 ? errno : 0;
}

bool tour_reset(struct tour *tour)
{
    struct scene *scene = &tour->scene;
    struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
    char byte;
    tour_begin_part(tour, "Reset: the end without a goodbye",
                    "RST ends both ends at once, from any state, and leaves no TIME_WAIT.");
    if (!open_connection(tour))
        return false;
    if (setsockopt(scene->client_fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it) == -1)
        return call_failed("setsockopt SO_LINGER") == 0;
    if (!tour_call(tour, "client", "SO_LINGER 0 s, close(fd)"))
        return false;
    close(scene->client_fd);
    scene->client_fd = -1;
    if (!tour_see(tour, STATE_CLOSED, STATE_CLOSED))
        return false;
    if (!tell_failure(tour, "server: read(fd)", error_of(read(scene->server_fd, &byte, 1)), ECONNRESET))
        return false;

    if (!tour_call(tour, "server", "close(the listening socket)"))
        return false;
    close(scene->listen_fd);
    scene->listen_fd = -1;
    if (!tour_see(tour, STATE_CLOSED, STATE_CLOSED) || !tour_call(tour, "client", "connect(fd, that port)"))
        return false;
    if (scene_call_client(scene) == -1)
        return false;
    int error = error_of(await_connection(scene->client_fd));
    tour_passed(tour, STATE_SYN_SENT, STATE_CLOSED);
    return tour_see(tour, STATE_CLOSED, STATE_CLOSED) && tell_failure(tour, "client: connect", error, ECONNREFUSED);
}

/* Binds a new socket to the port of the connection that is over, the option SO_REUSEADDR on or off. Returns as bind. */
static int bind_again(const struct scene *scene, int reuse)
{
    int fd = scene_socket(scene->family);
    if (fd == -1)
        return -1;
    int result = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    if (result == 0)
        result = bind(fd, (const struct sockaddr *)&scene->server, scene->address_size);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

bool tour_time_wait(struct tour *tour)
{
    struct scene *scene = &tour->scene;
    struct socket_row row;
    tour_begin_part(tour, "TIME_WAIT: who closes first waits, here the server",
                    "2 MSL, until no stray segment can be taken for one of a new connection.");
    if (!open_connection(tour) || !close_end(tour, SERVER))
        return false;
    tour_passed(tour, STATE_CLOSE_WAIT, STATE_FIN_WAIT1);
    if (!tour_see(tour, STATE_CLOSE_WAIT, STATE_FIN_WAIT2) || !close_end(tour, CLIENT))
        return false;
    tour_passed(tour, STATE_LAST_ACK, STATE_FIN_WAIT2);
    if (!tour_see(tour, STATE_CLOSED, STATE_TIME_WAIT))
        return false;
    if (scene_row(&tour->table, scene, SERVER, &row) == 1)
        tour_note(tour, "The kernel's timer: %.1f s left, and no process has the socket.", row.timer_ms / 1000.0);

    if (!tour_call(tour, "server", "close(the listening socket)"))
        return false;
    close(scene->listen_fd);
    scene->listen_fd = -1;
    if (!tour_see(tour, STATE_CLOSED, STATE_TIME_WAIT) || !tour_call(tour, "server", "bind(fd, the same port)"))
        return false;
    int error = error_of(bind_again(scene, 0));
    if (!tour_see(tour, STATE_CLOSED, STATE_TIME_WAIT) || !tell_failure(tour, "bind", error, EADDRINUSE))
        return false;
    if (!tour_call(tour, "server", "SO_REUSEADDR, bind(fd, port)"))
        return false;
    if (bind_again(scene, 1) == -1)
        return call_failed("bind") == 0;
    if (!tour_see(tour, STATE_CLOSED, STATE_TIME_WAIT))
        return false;
    tour_note(tour, "That is why a server sets SO_REUSEADDR before it binds.");
    return true;
}

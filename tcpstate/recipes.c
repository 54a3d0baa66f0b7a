/* recipes.c: the scene on which the recipes play: sockets on loopback, each call checked where it is made. */
#include "recipes.h"

#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 5000, /* for what loopback does in microseconds */
    /* A receiver of 4 KiB and a sender of 64 KiB (the kernel doubles both): a sender that fills up always has more to
     * send than the window will ever take, and its FIN stays behind it. */
    RECEIVE_BUFFER = 4 * 1024,
    SEND_BUFFER = 64 * 1024
};

int call_failed(const char *operation)
{
    report_errno("%s", operation);
    return -1;
}

struct scene scene_of(int family, uint16_t port)
{
    struct scene scene;
    memset(&scene, 0, sizeof scene);
    scene.family = family;
    scene.port = port;
    scene.listen_fd = scene.client_fd = scene.server_fd = scene.filler_fd = -1;
    return scene;
}

struct sockaddr_storage loopback_address(int family, uint16_t port, socklen_t *size)
{
    struct sockaddr_storage address;
    memset(&address, 0, sizeof address);
    if (family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        v6->sin6_addr = in6addr_loopback;
        *size = sizeof *v6;
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        *size = sizeof *v4;
    }
    return address;
}

int scene_socket(int family)
{
    int on = 1, receive_buffer = RECEIVE_BUFFER, send_buffer = SEND_BUFFER;
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd == -1)
        return call_failed("socket");
    if (set_descriptor_flags(fd) == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer) == 0)
        return fd;
    call_failed("socket options");
    close(fd);
    return -1;
}

/* Reports "bind 127.0.0.1:7000: reason", with where to look when the port is taken. */
static int address_failed(const char *operation, const struct sockaddr_storage *address)
{
    char text[ADDRESS_TEXT_SIZE];
    const struct sockaddr *sockaddr = (const struct sockaddr *)address;
    if (errno == EADDRINUSE)
        report("%s %s: %s (netstat -ant | grep :%u)", operation, address_text(sockaddr, text), strerror(errno),
               (unsigned)address_port(sockaddr));
    else if (errno == EACCES)
        report("%s %s: %s (ports below 1024 are kept for root)", operation, address_text(sockaddr, text),
               strerror(errno));
    else if (errno == EADDRNOTAVAIL && sockaddr->sa_family == AF_INET6)
        report("%s %s: %s (this machine's loopback has no IPv6)", operation, address_text(sockaddr, text),
               strerror(errno));
    else
        report_errno("%s %s", operation, address_text(sockaddr, text));
    return -1;
}

int scene_listen(struct scene *scene, int backlog)
{
    scene->listen_fd = scene_socket(scene->family);
    if (scene->listen_fd == -1)
        return -1;
    scene->server = loopback_address(scene->family, scene->port, &scene->address_size);
    if (bind(scene->listen_fd, (struct sockaddr *)&scene->server, scene->address_size) == -1)
        return address_failed("bind", &scene->server);
    if (listen(scene->listen_fd, backlog) == -1)
        return address_failed("listen", &scene->server);
    /* With port 0 the kernel has chosen one: ask which. */
    socklen_t size = sizeof scene->server;
    return getsockname(scene->listen_fd, (struct sockaddr *)&scene->server, &size) == 0 ? 0
                                                                                        : call_failed("getsockname");
}

int scene_call(const struct scene *scene)
{
    int fd = scene_socket(scene->family);
    if (fd == -1)
        return -1;
    if (connect(fd, (const struct sockaddr *)&scene->server, scene->address_size) == 0 || errno == EINPROGRESS)
        return fd;
    address_failed("connect", &scene->server);
    close(fd);
    return -1;
}

int scene_call_client(struct scene *scene)
{
    socklen_t size = sizeof scene->client;
    scene->client_fd = scene_call(scene);
    if (scene->client_fd == -1)
        return -1;
    return getsockname(scene->client_fd, (struct sockaddr *)&scene->client, &size) == 0 ? 0
                                                                                        : call_failed("getsockname");
}

/* A non-blocking connect is done when the socket is writable; SO_ERROR then tells how it ended (connect(2)). */
int await_connection(int fd)
{
    int ready = await(fd, POLLOUT, PATIENCE_MS);
    if (ready == -1)
        return -1;
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (ready > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
        return -1;
    errno = error;
    return error == 0 ? 0 : -1;
}

int scene_connect(struct scene *scene)
{
    if (scene_call_client(scene) == -1)
        return -1;
    if (await_connection(scene->client_fd) == 0)
        return 0;
    return stop_signal() ? -1 : address_failed("connect", &scene->server);
}

int scene_accept(struct scene *scene)
{
    int ready = await(scene->listen_fd, POLLIN, PATIENCE_MS);
    if (ready == -1)
        return -1;
    if (ready == 0)
        errno = ETIMEDOUT;
    else
        scene->server_fd = accept(scene->listen_fd, NULL, NULL);
    if (scene->server_fd == -1)
        return call_failed("accept");
    return set_descriptor_flags(scene->server_fd) == 0 ? 0 : call_failed("fcntl");
}

int scene_establish(struct scene *scene)
{
    if (scene_listen(scene, 1) == -1 || scene_connect(scene) == -1 || scene_accept(scene) == -1)
        return -1;
    close(scene->listen_fd); /* the connection does not need it */
    scene->listen_fd = -1;
    return 0;
}

long fill_window(int fd)
{
    static const char data[8 * 1024];
    long total = 0;
    for (;;) {
        ssize_t sent = send(fd, data, sizeof data, MSG_NOSIGNAL);
        if (sent == -1 && errno == EAGAIN)
            return total;
        if (sent == -1)
            return call_failed("send");
        total += sent;
    }
}

long read_to_end(int fd)
{
    char data[64 * 1024];
    long total = 0;
    for (;;) {
        int ready = await(fd, POLLIN, PATIENCE_MS);
        if (ready == -1)
            return -1;
        if (ready == 0) {
            report("read: no end of file within %d s", PATIENCE_MS / 1000);
            return -1;
        }
        ssize_t got = read(fd, data, sizeof data);
        if (got == 0)
            return total;
        if (got == -1 && errno != EAGAIN)
            return call_failed("read");
        total += got > 0 ? got : 0;
    }
}

int scene_row(struct socket_table *table, const struct scene *scene, enum scene_end end, struct socket_row *row)
{
    const struct sockaddr *server = (const struct sockaddr *)&scene->server;
    const struct sockaddr *client = (const struct sockaddr *)&scene->client;
    if (server->sa_family == 0 || (end != LISTENER && client->sa_family == 0))
        return 0; /* nobody has bound, or nobody has called yet */
    if (end == LISTENER)
        return socket_table_find(table, server, NULL, row);
    return end == CLIENT ? socket_table_find(table, client, server, row)
                         : socket_table_find(table, server, client, row);
}

void scene_end(struct scene *scene)
{
    /* close() with SO_LINGER 0 sends RST and forgets the connection, whatever its state (RFC 9293, 3.10.5 ABORT). */
    struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
    int *const fds[] = {&scene->client_fd, &scene->server_fd, &scene->filler_fd, &scene->listen_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (*fds[i] == -1)
            continue;
        setsockopt(*fds[i], SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
        close(*fds[i]);
        *fds[i] = -1;
    }
}

static const struct recipe recipes[] = {
    {STATE_LISTEN, LISTENER, LISTENER, STATE_NONE, reach_listen,
     "socket, bind, listen: the server waits, and nobody connects."},
    {STATE_SYN_SENT, CLIENT, LISTENER, STATE_LISTEN, reach_syn_sent,
     "listen(fd, 0), and never accept: one client fills the queue. Another\n"
     "calls connect: the kernel drops its SYN, which stays unanswered."},
    {STATE_SYN_RECV, SERVER, CLIENT, STATE_ESTABLISHED, reach_syn_recv,
     "setsockopt TCP_DEFER_ACCEPT, listen; a client connects and sends\n"
     "nothing: the server's kernel waits for its first byte."},
    {STATE_ESTABLISHED, CLIENT, SERVER, STATE_ESTABLISHED, reach_established, "listen, connect, accept."},
    {STATE_FIN_WAIT1, CLIENT, SERVER, STATE_ESTABLISHED, reach_fin_wait1,
     "The server never reads. The client writes until nothing more fits,\n"
     "then shutdown(SHUT_WR): its FIN waits behind the data."},
    {STATE_FIN_WAIT2, CLIENT, SERVER, STATE_CLOSE_WAIT, reach_fin_wait2,
     "The client calls shutdown(SHUT_WR), and its FIN is acknowledged.\n"
     "The server does not close."},
    {STATE_CLOSE_WAIT, SERVER, CLIENT, STATE_FIN_WAIT2, reach_close_wait,
     "The client calls shutdown(SHUT_WR). The server has its FIN and does\n"
     "not close."},
    {STATE_CLOSING, CLIENT, SERVER, STATE_FIN_WAIT2, reach_closing,
     "Both ends write until nothing more fits, and both shutdown(SHUT_WR).\n"
     "Then the client reads up to the server's FIN. Its own FIN still waits\n"
     "behind its data."},
    {STATE_LAST_ACK, SERVER, CLIENT, STATE_FIN_WAIT2, reach_last_ack,
     "The client calls shutdown(SHUT_WR) and never reads. The server writes\n"
     "until nothing more fits, then shutdown(SHUT_WR): the last FIN waits\n"
     "behind the data."},
    {STATE_TIME_WAIT, CLIENT, SERVER, STATE_CLOSED, reach_time_wait,
     "The client calls shutdown(SHUT_WR), the server reads up to its FIN and\n"
     "closes: the one who closed first waits."},
};

const struct recipe *recipe_for(enum tcp_state state)
{
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++)
        if (recipes[i].state == state)
            return &recipes[i];
    return NULL;
}

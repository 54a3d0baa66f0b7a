/* ws_load: how fast a chat server delivers, and what an idle client of it costs.
 *
 *     ws_load PID PORT CLIENTS MESSAGES UNDERWAY      PID: the server's process
 *
 * CLIENTS connect, all in this process. One of them sends MESSAGES texts of 64 bytes, at most UNDERWAY of which have
 * not yet come to every client. Prints one line:
 *
 *     deliveries a second, the server's processor time in ms, its memory in bytes for each client
 *
 * A message ends with RS (0x1e), which is counted within payloads: servers put something before it, and some join
 * several messages in one frame. Linux only: epoll, /proc. */
#include "common/number.h"
#include "common/report.h"
#include "ws_chat/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, BUFFER_SIZE = 256 * 1024, TEXT_SIZE = 64, PATIENCE_MS = 30000, SETTLE_MS = 500 };

struct client {
    int fd;
    bool upgraded;
    char tail[4];                     /* the last bytes of the answer's head */
    uint8_t header[FRAME_HEADER_MAX]; /* of a frame, as far as it has come */
    size_t header_length;
    uint64_t payload_left;
    long long heard; /* messages */
};

struct load {
    long long server, port, client_count, message_count, underway;
    struct client *clients;
    int epoll_fd;
    long long upgraded, heard; /* over all clients */
    char *buffer;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Reads a file of /proc/SERVER whole. */
static bool read_proc(const struct load *load, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/%s", load->server, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd == -1 ? -1 : read(fd, text, size - 1);
    if (fd != -1)
        close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* The server's processor time in seconds: fields 14 and 15 of stat(5), counted from behind the name's ')'. */
static double server_cpu(const struct load *load)
{
    char text[1024];
    unsigned long user = 0, system = 0;
    const char *at = read_proc(load, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    if (at != NULL)
        sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double server_memory(const struct load *load)
{
    char text[4096];
    long kilobytes = 0;
    const char *at = read_proc(load, "status", text, sizeof text) ? strstr(text, "VmRSS:") : NULL;
    if (at != NULL)
        kilobytes = strtol(at + 6, NULL, 10);
    return (double)kilobytes * 1024;
}

/* Counts the messages in what has come. Frames may lie across reads. */
static void take_frames(struct load *load, struct client *client, const char *bytes, size_t length)
{
    while (length > 0) {
        if (client->payload_left == 0) {
            struct frame_header frame;
            struct violation violation;
            client->header[client->header_length++] = (uint8_t)*bytes++;
            length--;
            int size = frame_decode(client->header, client->header_length, ROLE_CLIENT, &frame, &violation);
            if (size == -1) {
                report("the server sends %s", violation.reason);
                exit(EXIT_WORLD);
            }
            if (size > 0) {
                client->header_length = 0;
                client->payload_left = frame.length;
            }
            continue;
        }
        size_t here = length < client->payload_left ? length : (size_t)client->payload_left;
        for (const char *at = bytes; (at = memchr(at, 0x1e, (size_t)(bytes + here - at))) != NULL; at++) {
            client->heard++;
            load->heard++;
        }
        client->payload_left -= here;
        bytes += here;
        length -= here;
    }
}

/* The answer's head ends with an empty line. Returns how many bytes belong to it. */
static size_t take_head(struct load *load, struct client *client, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        memmove(client->tail, client->tail + 1, 3);
        client->tail[3] = bytes[i];
        if (memcmp(client->tail, "\r\n\r\n", 4) == 0) {
            client->upgraded = true;
            load->upgraded++;
            return i + 1;
        }
    }
    return length;
}

static void read_one(struct load *load, struct client *client)
{
    ssize_t got = read(client->fd, load->buffer, BUFFER_SIZE);
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        report("the server has closed a connection after %lld messages", client->heard);
        exit(EXIT_WORLD);
    }
    size_t used = client->upgraded ? 0 : take_head(load, client, load->buffer, (size_t)got);
    take_frames(load, client, load->buffer + used, (size_t)got - used);
}

/* One look at what has come. Returns whether something did within `patience_ms`. */
static bool read_within(struct load *load, int patience_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load->epoll_fd, events, EVENTS, patience_ms);
    for (int i = 0; i < count; i++)
        read_one(load, events[i].data.ptr);
    return count > 0;
}

static void read_some(struct load *load)
{
    if (!read_within(load, PATIENCE_MS)) {
        report("nothing comes any more: %lld messages heard, %lld clients", load->heard, load->upgraded);
        exit(EXIT_WORLD);
    }
}

static void connect_one(struct load *load, struct client *client)
{
    static const char request[] = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    int on = 1;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd == -1 || connect(client->fd, (struct sockaddr *)&server, sizeof server) == -1 ||
        write(client->fd, request, strlen(request)) != (ssize_t)strlen(request) ||
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 ||
        fcntl(client->fd, F_SETFL, O_NONBLOCK) == -1 ||
        epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, client->fd, &event) == -1) {
        report_errno("a client");
        exit(EXIT_WORLD);
    }
}

static void connect_all(struct load *load)
{
    for (long long i = 0; i < load->client_count; i++) {
        connect_one(load, &load->clients[i]);
        while (load->upgraded < i - 50) /* not more than the accept queue takes */
            read_some(load);
    }
    while (load->upgraded < load->client_count)
        read_some(load);
}

static void send_one(const struct load *load)
{
    uint8_t frame[FRAME_HEADER_MAX + TEXT_SIZE];
    static const uint8_t mask[4] = {0, 0, 0, 0};
    size_t size = frame_encode(frame, true, OP_TEXT, TEXT_SIZE, mask);
    memset(frame + size, 'x', TEXT_SIZE - 1);
    frame[size + TEXT_SIZE - 1] = 0x1e;
    if (write(load->clients[0].fd, frame, size + TEXT_SIZE) != (ssize_t)size + TEXT_SIZE) {
        report_errno("a message");
        exit(EXIT_WORLD);
    }
}

/* Sends `count` messages and reads until all have come to all. */
static void talk(struct load *load, long long count)
{
    long long before = load->heard, sent = 0;
    while (load->heard - before < count * load->client_count) {
        long long through = (load->heard - before) / load->client_count;
        while (sent < count && sent - through < load->underway) {
            send_one(load);
            sent++;
        }
        read_some(load);
    }
}

static void measure(struct load *load)
{
    double memory_before = server_memory(load);
    connect_all(load);
    while (read_within(load, SETTLE_MS)) /* what is said of those who come; some servers upgrade first, then let in */
        ;
    talk(load, 1);
    double memory = server_memory(load) - memory_before, cpu = server_cpu(load), start = seconds_now();
    talk(load, load->message_count);
    double seconds = seconds_now() - start;
    printf("%.0f %.0f %.0f\n", (double)(load->message_count * load->client_count) / seconds,
           (server_cpu(load) - cpu) * 1000, memory / (double)load->client_count);
}

int main(int argc, char **argv)
{
    struct load load = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    int status = EXIT_DONE;
    report_as("ws_load");
    if (argc != 6 || parse_number(argv[1], 1, 1LL << 30, &load.server) || parse_number(argv[2], 1, 65535, &load.port) ||
        parse_number(argv[3], 1, 20000, &load.client_count) ||
        parse_number(argv[4], 1, 1LL << 30, &load.message_count) || parse_number(argv[5], 1, 100, &load.underway)) {
        report("usage: ws_load PID PORT CLIENTS MESSAGES UNDERWAY");
        return EXIT_USAGE;
    }
    load.clients = calloc((size_t)load.client_count, sizeof *load.clients);
    load.buffer = malloc(BUFFER_SIZE);
    if (load.clients == NULL || load.buffer == NULL || load.epoll_fd == -1) {
        report_errno("memory");
        status = EXIT_WORLD;
    } else {
        measure(&load);
    }
    free(load.clients);
    free(load.buffer);
    return status;
}

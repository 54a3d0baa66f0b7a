/* connect_open.c: from a URL to a WebSocket: TCP's handshake, then HTTP's (RFC 6455, section 4.1). */
#include "connect.h"

#include "base64.h"
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "http.h"
#include "plain.h"
#include "upgrade.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEY_BYTES = 16, KEY_SIZE = BASE64_SIZE(KEY_BYTES), REQUEST_SIZE = URL_PATH_SIZE + URL_HOST_SIZE + 256 };

void connection_tell(const struct chat_connection *connection, const char *format, ...)
{
    va_list arguments;
    if (connection->quiet)
        return;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

bool connection_random(const struct chat_connection *connection, void *bytes, size_t length)
{
    ssize_t got = read(connection->random_fd, bytes, length); /* so few bytes are never interrupted (random(4)) */
    if (got == (ssize_t)length)
        return true;
    report_errno("read /dev/urandom");
    return false;
}

/* ---- TCP */

/* A non-blocking connect, awaited. Returns the socket, or -1 with errno. */
static int connect_one(const struct addrinfo *server)
{
    int error = 0;
    socklen_t size = sizeof error;
    int fd = socket(server->ai_family, SOCK_STREAM, 0);
    if (fd == -1)
        return -1;
    if (set_descriptor_flags(fd) == -1 || connect(fd, server->ai_addr, server->ai_addrlen) == -1)
        error = errno;
    if (error == EINPROGRESS) {
        int ready = await(fd, POLLOUT, CONNECT_MS);
        error = ready == -1 ? errno : ETIMEDOUT;
        if (ready > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
            error = errno;
    }
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static int connect_tcp(struct chat_connection *connection, const struct chat_url *url)
{
    struct addrinfo *servers = NULL;
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof own;
    char text[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE] = "";
    if (address_lookup(url->host, url->port, SOCK_STREAM, 0, &servers) == -1)
        return -1;
    for (const struct addrinfo *server = servers; server != NULL && connection->fd == -1; server = server->ai_next) {
        if (stop_signal())
            break;
        address_text(server->ai_addr, to);
        connection->fd = connect_one(server);
    }
    int error = errno;
    freeaddrinfo(servers);
    if (connection->fd == -1) {
        if (!stop_signal())
            report("connect %s port %u: %s", url->host, (unsigned)url->port, strerror(error));
        return -1;
    }
    if (getsockname(connection->fd, (struct sockaddr *)&own, &size) == 0)
        connection_tell(connection, "connected to %s, from %s", to, address_text((struct sockaddr *)&own, text));
    return 0;
}

/* ---- HTTP */

/* --trace: the lines of a head, which are no frames yet. */
static void trace_head(const struct chat_connection *connection, const char *arrow, const char *head, size_t length)
{
    char text[1024];
    for (size_t at = 0; connection->tracing && at < length;) {
        const char *end = memchr(head + at, '\n', length - at);
        size_t next = end == NULL ? length : (size_t)(end - head) + 1, line = next - at - (end != NULL);
        line -= line > 0 && head[at + line - 1] == '\r';
        plain_text(head + at, line, text, sizeof text);
        fprintf(stderr, "client %s server  %s\n", arrow, line > 0 ? text : "(an empty line ends the head)");
        at = next;
    }
}

static int send_request(const struct chat_connection *connection, const struct chat_url *url, const char *key)
{
    char request[REQUEST_SIZE];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\n"
                          "Host: %s%s%s:%u\r\n"
                          "Upgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\n"
                          "Sec-WebSocket-Version: 13\r\n"
                          "\r\n",
                          url->path, url->brackets ? "[" : "", url->host, url->brackets ? "]" : "", (unsigned)url->port,
                          key);
    trace_head(connection, "──▶", request, (size_t)length);
    if (await_write_all(connection->fd, request, (size_t)length) == 0)
        return 0;
    report_errno("send the request to %s port %u", url->host, (unsigned)url->port);
    return -1;
}

static int refuse(const char *reason)
{
    report("the server's answer to the upgrade: %s", reason);
    return -1;
}

/* Reads until the answer's head is there. Returns its length with the empty line, or -1 after one line. */
static long read_head(struct chat_connection *connection)
{
    long long until = now_us() + CONNECT_MS * 1000LL;
    long length = 0;
    while (length == 0) {
        size_t seen = connection->early_length, room = ANSWER_HEAD_MOST - seen;
        long long left_ms = (until - now_us()) / 1000;
        if (room == 0)
            return refuse("its head has no end");
        int ready = left_ms > 0 ? await(connection->fd, POLLIN, (int)left_ms) : 0;
        if (ready == -1)
            return -1; /* a stop signal */
        if (ready == 0)
            return refuse("none came in 10 s");
        ssize_t got = read(connection->fd, connection->early + seen, room);
        if (got == -1 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got == -1)
            return refuse(strerror(errno));
        if (got == 0)
            return refuse("the connection ended before it was complete");
        connection->early_length += (size_t)got;
        length = http_head_length((char *)connection->early, connection->early_length, seen);
    }
    return length > 0 ? length : refuse("it is not HTTP");
}

/* Section 4.1: what has to be in the answer, and what must not. NULL: it is the right one. */
static const char *why_not(const struct http_head *head, const char *key, char reason[256])
{
    char wanted[ACCEPT_KEY_SIZE], shown[48];
    if (strcmp(head->word[0], "HTTP/1.1") != 0 || strcmp(head->word[1], "101") != 0) {
        const char *status = head->word[1];
        plain_text(status, strlen(status), shown, sizeof shown);
        snprintf(reason, 256, "not 101 Switching Protocols, but %s", shown);
        return reason;
    }
    if (!http_has_token(head, "Upgrade", "websocket") || !http_has_token(head, "Connection", "Upgrade"))
        return "101 without Upgrade: websocket and Connection: Upgrade";
    const char *accept = http_field(head, "Sec-WebSocket-Accept", NULL);
    if (accept == NULL)
        return "101 without a Sec-WebSocket-Accept";
    accept_key(key, wanted);
    if (strcmp(accept, wanted) != 0) {
        plain_text(accept, strlen(accept), shown, sizeof shown);
        snprintf(reason, 256, "Sec-WebSocket-Accept is %s, not %s: it has not read our key", shown, wanted);
        return reason;
    }
    size_t extensions = 0, protocols = 0;
    http_field(head, "Sec-WebSocket-Extensions", &extensions);
    http_field(head, "Sec-WebSocket-Protocol", &protocols);
    return extensions + protocols > 0 ? "an extension or a protocol that we did not ask for" : NULL;
}

static int upgrade(struct chat_connection *connection, const struct chat_url *url)
{
    uint8_t bytes[KEY_BYTES];
    char key[KEY_SIZE], reason[256];
    struct http_head head;
    if (!connection_random(connection, bytes, sizeof bytes))
        return -1;
    base64_encode(bytes, sizeof bytes, key);
    if (send_request(connection, url, key) == -1)
        return -1;
    long length = read_head(connection);
    if (length == -1)
        return -1;
    trace_head(connection, "◀──", (char *)connection->early, (size_t)length);
    if (http_parse((char *)connection->early, (size_t)length, &head) != 0)
        return refuse("it is not HTTP");
    const char *wrong = why_not(&head, key, reason);
    if (wrong != NULL)
        return refuse(wrong);
    connection->early_length -= (size_t)length;
    memmove(connection->early, connection->early + length, connection->early_length);
    connection_tell(connection, "101 Switching Protocols: from here on this connection carries frames");
    return 0;
}

int connection_open(struct chat_connection *connection, const struct chat_url *url)
{
    if (connect_tcp(connection, url) == -1)
        return -1;
    return upgrade(connection, url);
}

/* ws_chat: your chat room. One loop, many clients; each begins with an HTTP request and goes on with WebSocket's frames
 * (RFC 6455). What one says goes to all.
 *
 *     ws_chat 7000                         ws_chat -b 127.0.0.2 7000
 *
 * Sockets, poll and buffers are given; the holes are WebSocket's. Fill them in the order of their numbers, compile,
 * run: the program says which hole it has fallen into.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "digest.h"
#include "variant.h"

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10, MORE = 0 }; /* opcodes */
enum { CLIENTS = 200, FRAME_MOST = 65536, IN_SIZE = FRAME_MOST + 16 };

struct client {
    int fd;
    bool upgraded;                     /* the request has been answered: what comes now is frames */
    bool gone;                         /* its connection is to be closed */
    unsigned char in[IN_SIZE];         /* what has come and was not looked at yet, */
    size_t in_length;                  /* so many bytes of it */
    unsigned char message[FRAME_MOST]; /* the fragments so far, one behind the other */
    size_t message_length;
};

struct room {
    struct client *clients[CLIENTS];
    size_t count;
};

/* A frame that has come. */
struct frame {
    bool final; /* FIN: the last frame of its message */
    int opcode;
    unsigned char *payload;
    size_t length;
};

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "ws_chat: hole %d is not filled: its comment says what to do; or make hint LESSON=13\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "ws_chat: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* Sends all of it. A client that is gone is marked: others go on. */
static void send_bytes(struct client *client, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0 && !client->gone) {
        ssize_t n = write(client->fd, at, length);
        if (n == -1) {
            client->gone = true;
        } else {
            at += n;
            length -= (size_t)n;
        }
    }
}

/* Sends one frame: FIN, no mask. */
static void send_frame(struct client *client, int opcode, const unsigned char *payload, size_t length)
{
    unsigned char header[4] = {0};
    size_t header_length = 0;

    /* Hole 5: the header. Byte 0: FIN (0x80) and the opcode. Byte 1: the length, if it is less than 126; or else 126,
     * and the length stands in the two bytes that follow, the most significant one first. The mask bit stays 0: a
     * server does not mask. `header_length` is 2 or 4. */
    hole(5);

    header[0] |= (unsigned char)opcode;
    send_bytes(client, header, header_length);
    send_bytes(client, payload, length);
}

/* ---- the request */

/* The value of a header's field, copied into `value`; false if there is none. */
static bool field(const char *head, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    for (const char *line = head; (line = strstr(line, "\r\n")) != NULL;) {
        line += 2;
        bool same = line[length < strlen(line) ? length : 0] == ':';
        for (size_t i = 0; same && i < length; i++)
            same = (line[i] | 0x20) == (name[i] | 0x20); /* in capitals or not */
        if (!same)
            continue;
        line += length + 1;
        line += strspn(line, " \t");
        size_t n = strcspn(line, " \t\r");
        if (n >= size)
            return false;
        memcpy(value, line, n);
        value[n] = '\0';
        return true;
    }
    return false;
}

/* Answers a request, whose head ends with its empty line and a '\0'. */
static void answer(struct client *client, char *head)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char key[64], path[1024], accept[BASE64_OF_SHA1_SIZE] = "", text[256];
    bool valid = false;
    if (sscanf(head, "GET %1023s HTTP/1.1\r", path) == 1 && field(head, "Sec-WebSocket-Key", key, sizeof key)) {
        /* Hole 2: `valid` is to be true if what follows the last slash of the path is ROOM (variant.h), which is "ws"
         * if you have no seed: strrchr(3), strcmp(3). */
        hole(2);
    }
    if (!valid) {
        static const char no[] = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        send_bytes(client, no, sizeof no - 1);
        client->gone = true;
        return;
    }
    (void)guid; /* take this line out when you use it */

    /* Hole 3: put the key and behind it the GUID into `text` (snprintf(3)); sha1() of that, without its '\0', gives 20
     * bytes, and base64() of these goes into `accept`. */
    hole(3);

    snprintf(text, sizeof text,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             accept);
    send_bytes(client, text, strlen(text));
    client->upgraded = true;
}

/* If a whole request has come: answers it, and returns how many bytes it has. */
static size_t take_request(struct client *client)
{
    for (size_t i = 0; i + 4 <= client->in_length; i++) {
        if (memcmp(client->in + i, "\r\n\r\n", 4) == 0) {
            client->in[i + 3] = '\0';
            answer(client, (char *)client->in);
            return i + 4;
        }
    }
    return 0;
}

/* ---- frames */

/* Looks at the bytes in client->in. If a whole frame is there: tells about it in *frame, and returns how many bytes it
 * has, with its header. 0: more has to come. */
static size_t take_frame(struct client *client, struct frame *frame)
{
    unsigned char *in = client->in;
    size_t header = 2, length = 0;
    if (client->in_length < 2)
        return 0;
    frame->final = (in[0] & 0x80) != 0;
    frame->opcode = in[0] & 0x0f;
    if ((in[1] & 0x80) == 0) { /* no mask: that is against the protocol, and the connection's end */
        client->gone = true;
        return 0;
    }

    /* Hole 4: `length` is in the seven other bits of in[1]. If it is 126, the length stands in in[2] and in[3], the
     * most significant byte first, and `header` is 4 (have these bytes come? If not, return 0). If it is 127, the
     * message is too long for us: client->gone = true, and return 0. */
    hole(4);
    (void)header; /* take these two lines out when you use them */
    (void)length;

    unsigned char *mask = in + header;
    frame->payload = mask + 4;
    frame->length = length;
    if (length > FRAME_MOST)
        client->gone = true;
    if (client->gone || client->in_length < header + 4 + length)
        return 0;

    /* Hole 6: take the mask off: byte i of the payload is XORed (^) with byte i % 4 of the mask. */
    hole(6);

    return header + 4 + length;
}

/* A part of a message. With its last part it is complete, and goes to all who are upgraded. */
static void take_text(struct room *room, struct client *client, const struct frame *frame)
{
    if (client->message_length + frame->length > FRAME_MOST) {
        client->gone = true;
        return;
    }
    memcpy(client->message + client->message_length, frame->payload, frame->length);
    client->message_length += frame->length;
    (void)room; /* take this line out when you use it */

    /* Hole 7: if the frame is the final one of its message, send the message, as one frame of text, to each client in
     * room->clients (room->count of them) that is upgraded; then the message is empty again. If not, wait for more. */
    hole(7);
}

static void act(struct room *room, struct client *client, const struct frame *frame)
{
    (void)send_frame; /* take this line out when you use it */
    if (frame->opcode == TEXT || frame->opcode == MORE) {
        take_text(room, client, frame);
    } else if (frame->opcode == PING) {
        /* Hole 8: answer with a PONG that has the same payload. */
        hole(8);
    } else if (frame->opcode == CLOSE) {
        /* Hole 9: answer with a CLOSE whose payload is the first two bytes of this one's, if it has that many (they are
         * the code), and mark the client as gone: then its connection is closed. */
        hole(9);
    }
}

/* ---- the loop */

/* Something can be read. */
static void read_client(struct room *room, struct client *client)
{
    ssize_t n = read(client->fd, client->in + client->in_length, IN_SIZE - client->in_length);
    if (n <= 0) { /* the end of file, or a reset */
        client->gone = true;
        return;
    }
    client->in_length += (size_t)n;

    /* One read may bring a part of a frame, or several of them: whatever is whole is dealt with, the rest stays. */
    size_t used = 1;
    while (used > 0 && !client->gone) {
        if (!client->upgraded) {
            used = take_request(client);
        } else {
            struct frame frame;
            used = take_frame(client, &frame);
            if (used > 0)
                act(room, client, &frame);
        }

        /* Hole 10: take the first `used` bytes out of client->in: what is behind them moves to the front (memmove(3)),
         * and client->in_length gets less. */
        hole(10);
    }
    if (client->in_length == IN_SIZE)
        client->gone = true;
}

static void let_in(struct room *room, int listen_fd)
{
    int fd = accept(listen_fd, NULL, NULL);
    struct client *client = fd == -1 || room->count == CLIENTS ? NULL : calloc(1, sizeof *client);
    if (client == NULL) {
        if (fd != -1)
            close(fd);
        return;
    }
    client->fd = fd;
    room->clients[room->count++] = client;
}

static void let_out(struct room *room)
{
    for (size_t i = 0; i < room->count;) {
        struct client *client = room->clients[i];
        if (client->gone) {
            close(client->fd);
            free(client);
            room->clients[i] = room->clients[--room->count];
        } else {
            i++;
        }
    }
}

static int listen_on(const char *address_text, const char *port_text)
{
    char *end = NULL;
    long port = strtol(port_text, &end, 10);
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (end == port_text || *end != '\0' || port < 1 || port > 65535 ||
        inet_pton(AF_INET, address_text, &address.sin_addr) != 1) {
        fprintf(stderr, "usage: ws_chat [-b ADDRESS] PORT\n");
        exit(2);
    }
    address.sin_port = htons((uint16_t)port);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        fail("socket");
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1)
        fail("bind");
    if (listen(fd, 128) == -1)
        fail("listen");
    return fd;
}

int main(int argc, char **argv)
{
    static struct room room;
    static struct pollfd waiting[CLIENTS + 1];
    bool bound = argc == 4 && strcmp(argv[1], "-b") == 0;

    /* Hole 1: a client may be gone when we write to it. What happens to a program then that has not asked for anything
     * else? signal(2), SIGPIPE. */
    hole(1);

    if (argc != 2 && !bound) {
        fprintf(stderr, "usage: ws_chat [-b ADDRESS] PORT\n");
        return 2;
    }
    int listen_fd = listen_on(bound ? argv[2] : "127.0.0.1", argv[argc - 1]);
    for (;;) {
        size_t count = room.count; /* those that come now are looked at in the next turn */
        waiting[0] = (struct pollfd){.fd = listen_fd, .events = POLLIN};
        for (size_t i = 0; i < count; i++)
            waiting[i + 1] = (struct pollfd){.fd = room.clients[i]->fd, .events = POLLIN};
        if (poll(waiting, count + 1, -1) == -1)
            fail("poll");
        if (waiting[0].revents != 0)
            let_in(&room, listen_fd);
        for (size_t i = 0; i < count; i++)
            if (waiting[i + 1].revents != 0 && !room.clients[i]->gone)
                read_client(&room, room.clients[i]);
        let_out(&room);
    }
}

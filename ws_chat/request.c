/* request.c: a connection's HTTP request is collected, and answered. */
#include "chat.h"
#include "common/report.h"
#include "connection.h"
#include "page.h"
#include "plain.h"
#include "send.h"
#include "upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The narration of a request: its first line, the status, the state of the connection. */
static void narrate_answer(struct server *server, const struct client *client, const char *line, int status,
                           const char *remark)
{
    char shown[64];
    if (server->narrator->out == -1)
        return;
    narrate_call(server->narrator, "%s", plain_text(line, strlen(line), shown, sizeof shown));
    narrate_result(server->narrator, client->fd, status, "%s %s", client->address, remark);
}

/* Puts an answer with a body into the queue, after which we close. */
static void send_answer(struct server *server, struct client *client, int status, const char *fields, const void *body,
                        size_t length, bool head_only)
{
    char head[1024];
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %d %s\r\n%sContent-Length: %zu\r\nConnection: %sclose\r\n"
                        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n",
                        status, status_text(status), fields, length, status == 426 ? "Upgrade, " : "");
    if (send_bytes(server, client, head, (size_t)size, body, head_only ? 0 : length))
        connection_end(server, client);
    else
        connection_gone(server, client, "no memory for an answer");
}

void request_refuse(struct server *server, struct client *client, int status, const char *reason)
{
    char body[256], fields[160];
    int length = snprintf(body, sizeof body, "%d %s: %s\n", status, status_text(status), reason);
    snprintf(fields, sizeof fields, "Content-Type: text/plain; charset=utf-8\r\n%s%s",
             status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "",
             status == 405 ? "Allow: GET\r\n" : "");
    send_answer(server, client, status, fields, body, (size_t)length, false);
}

/* The page may load nothing from elsewhere, and connect only to us. */
static void send_page(struct server *server, struct client *client, bool head_only)
{
    static const char fields[] = "Content-Type: text/html; charset=utf-8\r\n"
                                 "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
                                 "script-src 'unsafe-inline'; connect-src 'self'; img-src data:\r\n";
    send_answer(server, client, 200, fields, page_html, page_html_size, head_only);
}

static void send_upgrade(struct server *server, struct client *client, const char *key)
{
    char answer[256], accept[ACCEPT_KEY_SIZE];
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n",
                          accept_key(key, accept));
    if (!send_bytes(server, client, answer, (size_t)length, NULL, 0)) {
        connection_gone(server, client, "no memory for an answer");
        return;
    }
    if (server->options->trace && (client->traces = calloc(1, sizeof *client->traces)) != NULL) {
        client->traces->received.reader = ROLE_SERVER;
        client->traces->sent.reader = ROLE_CLIENT;
        client->traces->answer_left = (size_t)length;
    }
    client->heard = server->now;
    if (server->options->ping_ms > 0)
        set_deadline(server, client, server->options->ping_ms);
    else
        client->deadline = 0;
    chat_join(server, client);
}

/* The head is complete. */
static void answer_head(struct server *server, struct client *client)
{
    struct http_head request;
    char line[96] = "";
    int status = http_parse(client->head, client->head_length, &request);
    if (status != 0) {
        narrate_answer(server, client, "a request", status, status == 400 ? "no HTTP" : "too many fields");
        request_refuse(server, client, status, status == 400 ? "this is no HTTP/1.1" : "too many header fields");
        return;
    }
    snprintf(line, sizeof line, "%s %s", request.word[0], request.word[1]);
    struct answer answer = answer_request(&request, server->options->origins, server->options->origin_count);
    bool full = server->table.count > (size_t)server->options->clients;
    if (full)
        answer = (struct answer){.status = 503, .reason = "too many are here already"};
    if (answer.status == 101)
        send_upgrade(server, client, answer.key);
    else if (answer.status == 200)
        send_page(server, client, answer.head_only);
    else
        request_refuse(server, client, answer.status, answer.reason);
    if (answer.status == 101 && client->phase == PHASE_OPEN) {
        char remark[NAME_SIZE + 64];
        snprintf(remark, sizeof remark, "is %s: the same connection, WebSocket from here on", client->name);
        narrate_answer(server, client, line, answer.status, remark);
    } else if (client->phase != PHASE_GONE) {
        narrate_answer(server, client, line, answer.status, answer.reason);
    }
}

/* It has not ended and is longer than may be: which part is too long? */
static void refuse_length(struct server *server, struct client *client)
{
    bool line_ended = memchr(client->head, '\n', client->head_length) != NULL;
    narrate_answer(server, client, "a request", line_ended ? 431 : 414, "is too long (--headers)");
    if (line_ended)
        request_refuse(server, client, 431, "the head of the request is too long");
    else
        request_refuse(server, client, 414, "the first line of the request is too long");
}

size_t request_take(struct server *server, struct client *client, const uint8_t *bytes, size_t length)
{
    size_t before = client->head_length, most = (size_t)server->options->head_bytes;
    size_t taken = length < most - before ? length : most - before;
    char *head = realloc(client->head, before + taken);
    if (head == NULL) {
        connection_gone(server, client, "no memory for its request");
        return length;
    }
    memcpy(head + before, bytes, taken);
    client->head = head;
    client->head_length = before + taken;
    long end = http_head_length(head, client->head_length, before);
    if (end > 0) {
        taken = (size_t)end - before;
        client->head_length = (size_t)end;
        answer_head(server, client);
    } else if (end == -1) {
        narrate_answer(server, client, "a request", 400, "has a byte that no HTTP head can have (TLS?)");
        request_refuse(server, client, 400, "a byte that no head of HTTP can have");
    } else if (client->head_length == most) {
        refuse_length(server, client);
    }
    if (client->phase != PHASE_REQUEST) {
        free(client->head);
        client->head = NULL;
        client->head_length = 0;
    }
    return taken;
}

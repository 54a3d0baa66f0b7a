/* upgrade.c: each way in which a request can be wrong has its own answer: the client's author reads it. */
#include "upgrade.h"

#include <string.h>
#include <strings.h>

const char *accept_key(const char *key, char accept[ACCEPT_KEY_SIZE])
{
    /* The standard's constant: no other protocol appends it. A key has 24 characters, it was checked. */
    static const char constant[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char both[24 + sizeof constant] = "";
    uint8_t digest[SHA1_SIZE];
    strncat(both, key, 24);
    strcat(both, constant);
    sha1(both, strlen(both), digest);
    return base64_encode(digest, sizeof digest, accept);
}

const char *status_text(int status)
{
    switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "HTTP Version Not Supported"; /* 505 */
    }
}

static struct answer refuse(int status, const char *reason)
{
    return (struct answer){.status = status, .reason = reason};
}

/* The path of a target: without the scheme and host that a proxy would send, and without the query. */
static const char *path_of(const char *target, size_t *length)
{
    if (strncasecmp(target, "http://", 7) == 0) {
        target = strchr(target + 7, '/');
        if (target == NULL)
            target = "/";
    }
    *length = strcspn(target, "?#");
    return target;
}

/* Whether `host` ("localhost:9999") is what follows the scheme in `origin` ("http://localhost:9999"). A browser leaves
 * out the port that belongs to the scheme, in both. */
static bool same_host(const char *origin, const char *host)
{
    if (strncasecmp(origin, "http://", 7) == 0)
        return strcasecmp(origin + 7, host) == 0;
    return strncasecmp(origin, "https://", 8) == 0 && strcasecmp(origin + 8, host) == 0;
}

/* A browser says in Origin whose page opens the connection; a page of another site must not speak in the name of
 * whoever looks at it (RFC 6455, section 10.2). Programs that are no browsers send none. */
static bool origin_allowed(const struct http_head *request, const char *const *origins, size_t origin_count)
{
    size_t count;
    const char *origin = http_field(request, "Origin", &count);
    if (count == 0)
        return true;
    if (origin == NULL)
        return false;
    for (size_t i = 0; i < origin_count; i++)
        if (strcasecmp(origin, origins[i]) == 0)
            return true;
    return same_host(origin, http_field(request, "Host", NULL));
}

static bool key_is_good(const char *key)
{
    uint8_t nonce[16];
    return key != NULL && strlen(key) == 24 && base64_decode(key, nonce, sizeof nonce) == 16;
}

/* A request for a path that ends in /ws. */
static struct answer answer_upgrade(const struct http_head *request, const char *const *origins, size_t origin_count)
{
    const char *key = http_field(request, "Sec-WebSocket-Key", NULL);
    const char *version = http_field(request, "Sec-WebSocket-Version", NULL);
    if (strcmp(request->word[0], "GET") != 0)
        return refuse(405, "WebSocket begins with GET");
    if (strcmp(request->word[2], "HTTP/1.0") == 0 || !http_has_token(request, "Upgrade", "websocket"))
        return refuse(426, "this path speaks WebSocket: Upgrade: websocket is missing");
    if (!http_has_token(request, "Connection", "Upgrade"))
        return refuse(400, "Connection: Upgrade is missing");
    if (version == NULL || strcmp(version, "13") != 0)
        return refuse(426, "only version 13 of WebSocket is spoken here");
    if (!key_is_good(key))
        return refuse(400, "Sec-WebSocket-Key is not the base64 of 16 bytes");
    if (!origin_allowed(request, origins, origin_count))
        return refuse(403, "a page from elsewhere may not connect (--origin)");
    return (struct answer){.status = 101, .reason = "", .key = key};
}

/* The first line and what every request needs. Returns the answer that refuses it, with status 0 if nothing does. */
static struct answer check_request(const struct http_head *request)
{
    size_t hosts, lengths;
    const char *version = request->word[2];
    const char *length = http_field(request, "Content-Length", &lengths);
    http_field(request, "Host", &hosts);
    bool known = strcmp(version, "HTTP/1.1") == 0 || strcmp(version, "HTTP/1.0") == 0;
    if (strncmp(version, "HTTP/", 5) != 0 || strchr(version, ' ') != NULL)
        return refuse(400, "the first line is not METHOD TARGET HTTP/1.1");
    if (!known)
        return refuse(505, "HTTP/1.1 is spoken here");
    if (hosts > 1 || (hosts == 0 && strcmp(version, "HTTP/1.1") == 0))
        return refuse(400, "one Host is wanted");
    if (request->word[1][0] != '/' && strncasecmp(request->word[1], "http://", 7) != 0)
        return refuse(400, "the target does not begin with /");
    if (http_has_token(request, "Transfer-Encoding", "chunked") || lengths > 1 ||
        (lengths == 1 && strcmp(length, "0") != 0))
        return refuse(413, "a request with a body is not taken");
    return refuse(0, "");
}

struct answer answer_request(const struct http_head *request, const char *const *origins, size_t origin_count)
{
    struct answer refused = check_request(request);
    if (refused.status != 0)
        return refused;
    size_t length;
    const char *path = path_of(request->word[1], &length);
    if (length >= 3 && strncmp(path + length - 3, "/ws", 3) == 0)
        return answer_upgrade(request, origins, origin_count);
    if (length != 1)
        return refuse(404, "there are / and paths that end in /ws");
    bool head_only = strcmp(request->word[0], "HEAD") == 0;
    if (!head_only && strcmp(request->word[0], "GET") != 0)
        return refuse(405, "the page is there for GET");
    return (struct answer){.status = 200, .reason = "the page", .head_only = head_only};
}

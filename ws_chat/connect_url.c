/* connect_url.c: ws://HOST:PORT/PATH (RFC 6455, section 3; RFC 3986). */
#include "connect.h"

#include "common/number.h"

#include <string.h>
#include <strings.h>

enum { HTTP_PORT = 80 };

/* What stands from `from` up to one of `ends`, copied. Returns false if it is empty or does not fit. */
static bool take(const char **from, const char *ends, char *to, size_t size)
{
    size_t length = strcspn(*from, ends);
    if (length == 0 || length >= size)
        return false;
    memcpy(to, *from, length);
    to[length] = '\0';
    *from += length;
    return true;
}

/* Host and port go into the request's head: a blank or a line's end in them would be another head. */
static bool printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

const char *chat_url_parse(const char *text, struct chat_url *url)
{
    char port[8];
    *url = (struct chat_url){.port = HTTP_PORT};
    if (strncasecmp(text, "wss://", 6) == 0)
        return "wss:// is WebSocket over TLS, which ws_chat does not speak; ws:// it does";
    if (strncasecmp(text, "ws://", 5) != 0)
        return "it has to begin with ws://";
    if (!printable(text))
        return "a URL has no blanks and no letters beyond ASCII (%20 is a blank)";
    text += 5;
    url->brackets = *text == '[';
    text += url->brackets;
    if (!take(&text, url->brackets ? "]/?#" : ":/?#", url->host, sizeof url->host))
        return "the host is missing, or too long";
    if (strchr(url->host, '@') != NULL)
        return "a user's name in it is not supported";
    if (url->brackets && *text++ != ']')
        return "the bracket of the IPv6 address is not closed";
    if (*text == ':') {
        text++;
        if (!take(&text, "/?#", port, sizeof port) || parse_port(port, &url->port) != NULL || url->port == 0)
            return "the port has to be a number from 1 to 65535";
    }
    if (*text != '\0' && *text != '/' && *text != '?')
        return strchr(text, '#') != NULL ? "a fragment (#) has no meaning here"
                                         : "behind the host come :PORT and /PATH";
    if (strchr(text, '#') != NULL)
        return "a fragment (#) has no meaning here";
    size_t slash = *text != '/'; /* an empty path is "/" */
    if (strlen(text) + slash >= sizeof url->path)
        return "the path is too long";
    url->path[0] = '/';
    strcpy(url->path + slash, text);
    return NULL;
}

/* http_test.c: heads of HTTP in every cut, what is refused, lists of tokens; and the key of RFC 6455, section 1.3. */
#include "ws_chat/http.h"
#include "ws_chat/upgrade.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void check(bool good, const char *what)
{
    if (!good) {
        printf("%s\n", what);
        failures++;
    }
}

/* Parses a copy of `text`, which is static until the next call. */
static int parse(const char *text, struct http_head *head)
{
    static char copy[8192];
    strcpy(copy, text);
    return http_parse(copy, strlen(copy), head);
}

/* Wherever it is cut, the end is found when it has come, and not before. */
static void the_end_in_pieces(void)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\nand more";
    long end = (long)strlen("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        long first = http_head_length(text, cut, 0);
        check(first == (cut >= (size_t)end ? end : 0), "the end of a head that is cut");
        if (first == 0)
            check(http_head_length(text, strlen(text), cut) == end, "the end of a head in two pieces");
    }
    check(http_head_length("GET /\n", 6, 0) == -1, "LF alone");
    check(http_head_length("GET /\rx", 7, 0) == -1, "CR alone");
    check(http_head_length("GET /\r", 6, 0) == 0, "a CR at the end may be followed by LF");
    check(http_head_length("GET\0/", 5, 0) == -1, "a zero byte");
    check(http_head_length("\x16\x03\x01", 3, 0) == -1, "TLS");
    check(http_head_length("a\x7f", 2, 0) == -1, "DEL");
    check(http_head_length("a\tb\xc3\xa4", 5, 0) == 0, "TAB and bytes beyond ASCII");
}

static void a_good_head(void)
{
    struct http_head head;
    size_t count;
    check(parse("GET /ws?x HTTP/1.1\r\nHost: a:1\r\nX:\r\nA: 1\r\na:2\r\nUpgrade:\t websocket \t\r\n\r\n", &head) == 0,
          "a head");
    check(strcmp(head.word[0], "GET") == 0 && strcmp(head.word[1], "/ws?x") == 0 &&
              strcmp(head.word[2], "HTTP/1.1") == 0,
          "its first line");
    check(head.field_count == 5, "its fields");
    check(strcmp(http_field(&head, "host", &count), "a:1") == 0 && count == 1, "a field, capitals or not");
    check(strcmp(http_field(&head, "Upgrade", NULL), "websocket") == 0, "a value between blanks");
    check(strcmp(http_field(&head, "X", NULL), "") == 0, "an empty value");
    check(http_field(&head, "A", &count) == NULL && count == 2, "a field that comes twice");
    check(http_field(&head, "B", &count) == NULL && count == 0, "a field that is not there");
    check(parse("HTTP/1.1 101 Switching Protocols\r\n\r\n", &head) == 0 &&
              strcmp(head.word[2], "Switching Protocols") == 0,
          "the first line of an answer");
}

static void what_is_refused(void)
{
    static const char *const wrong[] = {"\r\n",
                                        "GET\r\n\r\n",
                                        "GET /\r\n\r\n",
                                        " / HTTP/1.1\r\n\r\n",
                                        "GET  HTTP/1.1\r\n\r\n",
                                        "GET / HTTP/1.1\r\nX\r\n\r\n",
                                        "GET / HTTP/1.1\r\n: x\r\n\r\n",
                                        "GET / HTTP/1.1\r\nX : x\r\n\r\n",
                                        "GET / HTTP/1.1\r\n X: x\r\n\r\n",
                                        "GET / HTTP/1.1\r\nX(: x\r\n\r\n",
                                        "GET / HTTP/1.1\r\n",
                                        "",
                                        "GET / HTTP/1.1\r"};
    struct http_head head;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        check(parse(wrong[i], &head) == 400, wrong[i]);
    char many[4096] = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < HTTP_FIELDS; i++)
        strcat(many, "X: y\r\n");
    char more[4200];
    snprintf(more, sizeof more, "%sX: y\r\n\r\n", many);
    strcat(many, "\r\n");
    check(parse(many, &head) == 0 && head.field_count == HTTP_FIELDS, "as many fields as may be");
    check(parse(more, &head) == 431, "a field more");
}

static void tokens(void)
{
    struct http_head head;
    parse("GET / HTTP/1.1\r\nConnection: keep-alive ,\tUPGRADE\r\nX: a,,b , c\r\nX: d\r\nY: upgraded, up\r\n\r\n",
          &head);
    check(http_has_token(&head, "connection", "Upgrade"), "the second of a list");
    check(http_has_token(&head, "Connection", "keep-alive"), "the first of a list");
    check(!http_has_token(&head, "Connection", "keep"), "a part of one");
    check(!http_has_token(&head, "Y", "upgrade"), "the beginning of one");
    check(http_has_token(&head, "X", "b") && http_has_token(&head, "X", "c") && http_has_token(&head, "X", "d"),
          "a list with empty elements, over two fields");
    check(!http_has_token(&head, "X", ""), "an empty token");
    check(!http_has_token(&head, "Z", "a"), "a field that is not there");
}

static void the_key(void)
{
    char accept[ACCEPT_KEY_SIZE];
    check(strcmp(accept_key("dGhlIHNhbXBsZSBub25jZQ==", accept), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == 0, "the RFC's key");
}

int main(void)
{
    the_end_in_pieces();
    a_good_head();
    what_is_refused();
    tokens();
    the_key();
    return failures > 0;
}

/* ws_http: libFuzzer on the head of a request. However it is cut, its end is found at the same place; what is taken
 * apart lies within the bytes; an upgrade is answered only to a request that asks for one. */
#include "ws_chat/plain.h"
#include "ws_chat/upgrade.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void check(bool good)
{
    if (!good)
        abort();
}

static void within(const char *text, const char *bytes, size_t length)
{
    check(text >= bytes && text < bytes + length && strlen(text) < length);
}

/* As it arrives in two pieces. */
static long in_pieces(const char *bytes, size_t length, size_t cut)
{
    long end = http_head_length(bytes, cut, 0);
    return end != 0 ? end : http_head_length(bytes, length, cut);
}

static void look_at_head(char *bytes, size_t length)
{
    static const char *const origins[] = {"http://friend.example"};
    struct http_head head;
    char accept[ACCEPT_KEY_SIZE], plain[64];
    if (http_parse(bytes, length, &head) != 0)
        return;
    check(head.field_count <= HTTP_FIELDS);
    for (size_t i = 0; i < 3; i++)
        within(head.word[i], bytes, length);
    for (size_t i = 0; i < head.field_count; i++) {
        within(head.fields[i].name, bytes, length);
        within(head.fields[i].value, bytes, length);
    }
    struct answer answer = answer_request(&head, origins, 1);
    check(answer.status >= 100 && answer.status < 600 && strlen(status_text(answer.status)) > 0);
    if (answer.status == 101) {
        check(strcmp(head.word[0], "GET") == 0 && http_has_token(&head, "Upgrade", "websocket"));
        check(strlen(accept_key(answer.key, accept)) == 28);
    }
    plain_text(head.word[1], strlen(head.word[1]), plain, sizeof plain);
    for (const char *at = plain; *at; at++)
        check((unsigned char)*at >= ' ' && *at != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *bytes = malloc(size);
    memcpy(bytes, data, size);
    long end = http_head_length(bytes, size, 0);
    check(end == in_pieces(bytes, size, data[0] % size));
    check(end <= (long)size);
    if (end > 0) {
        char *head = malloc((size_t)end); /* nothing behind it: the sanitizer sees each step beyond */
        memcpy(head, bytes, (size_t)end);
        look_at_head(head, (size_t)end);
        free(head);
    }
    free(bytes);
    return 0;
}

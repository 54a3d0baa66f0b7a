#include "common/json.h"

#include <stdio.h>
#include <string.h>

/* The length of the UTF-8 character that begins here (RFC 3629), 0 if none does. */
static size_t character_length(const unsigned char *at)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3 : 4;
    if (at[0] >= 0x80 && (at[0] < 0xc2 || at[0] > 0xf4))
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    /* Longer than needed, a surrogate, or beyond U+10FFFF. */
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
        (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

const char *json_string(const char *text, char *json, size_t size)
{
    size_t used = 0;
    json[used++] = '"';
    for (const unsigned char *at = (const unsigned char *)text; *at && used + 8 <= size;) {
        size_t length = character_length(at);
        if (length == 0) {
            used += (size_t)snprintf(json + used, size - used, "\\ufffd");
            at++;
        } else if (*at < ' ' || *at == 0x7f) {
            used += (size_t)snprintf(json + used, size - used, "\\u%04x", *at++);
        } else {
            if (*at == '"' || *at == '\\')
                json[used++] = '\\';
            memcpy(json + used, at, length);
            used += length;
            at += length;
        }
    }
    json[used++] = '"';
    json[used] = '\0';
    return json;
}

/* harmless.c: see harmless.h. */
#include "harmless.h"

#include "utf8.h"

#include <stdbool.h>
#include <string.h>

/* Characters that act instead of being seen. */
static bool acts(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) /* C0, DEL, C1 */
        || character == 0x061c || character == 0x200e || character == 0x200f /* marks of direction */
        || (character >= 0x2028 && character <= 0x202e) /* ends of lines; embedding and override of direction */
        || (character >= 0x2066 && character <= 0x2069); /* isolates */
}

/* How many bytes the character at `bytes` has, if it is one to show; 0 if not. */
static size_t visible(const uint8_t *bytes, size_t length)
{
    struct utf8 utf8 = {0};
    for (size_t taken = 0; taken < length;) {
        if (!utf8_take(&utf8, bytes[taken++]))
            return 0;
        if (utf8.missing == 0)
            return acts(utf8.character) ? 0 : taken;
    }
    return 0;
}

size_t harmless(const uint8_t *bytes, size_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t written = 0;
    for (size_t i = 0; i < length;) {
        size_t size = visible(bytes + i, length - i);
        if (size == 0) {
            text[written++] = '\\';
            text[written++] = 'x';
            text[written++] = digits[bytes[i] >> 4];
            text[written++] = digits[bytes[i] & 15];
            i++;
        } else {
            memcpy(text + written, bytes + i, size);
            written += size;
            i += size;
        }
    }
    text[written] = '\0';
    return written;
}

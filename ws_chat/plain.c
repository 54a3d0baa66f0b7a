/* plain.c: ESC can move the cursor, rename the window and more; U+202E shows a name backwards. */
#include "plain.h"

#include "utf8.h"

#include <string.h>

static bool is_harmless(uint32_t character)
{
    if (character < ' ' || (character >= 0x7f && character < 0xa0))
        return false;
    if (character == 0x200e || character == 0x200f || (character >= 0x2028 && character <= 0x202e))
        return false;
    return character < 0x2066 || character > 0x2069;
}

char *plain_text(const void *bytes, size_t length, char *plain, size_t size)
{
    const uint8_t *at = bytes;
    size_t used = 0;
    while (length > 0) {
        struct utf8 utf8 = {0};
        size_t taken = 0;
        bool valid = true;
        do
            valid = utf8_take(&utf8, at[taken]);
        while (valid && ++taken < length && utf8.missing > 0);
        bool good = valid && utf8.missing == 0 && is_harmless(utf8.character);
        if (taken == 0)
            taken = 1; /* a byte that begins nothing */
        if (used + (good ? taken : 1) >= size)
            break;
        if (good)
            memcpy(plain + used, at, taken);
        else
            plain[used] = '?';
        used += good ? taken : 1;
        at += taken;
        length -= taken;
    }
    plain[used] = '\0';
    return plain;
}

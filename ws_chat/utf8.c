/* utf8.c: the table of RFC 3629, section 4, as code. Refused as soon as it is certain: the longer spelling of a
 * character that has a shorter one, the surrogates D800 to DFFF, what lies above 10FFFF. */
#include "utf8.h"

static bool begin(struct utf8 *utf8, uint8_t byte)
{
    utf8->low = 0x80;
    utf8->high = 0xbf;
    if (byte < 0x80) {
        utf8->character = byte;
    } else if (byte >= 0xc2 && byte <= 0xdf) { /* C0 and C1 would spell ASCII in two bytes */
        utf8->missing = 1;
        utf8->character = byte & 0x1f;
    } else if (byte >= 0xe0 && byte <= 0xef) {
        utf8->missing = 2;
        utf8->character = byte & 0x0f;
        if (byte == 0xe0)
            utf8->low = 0xa0;
        if (byte == 0xed)
            utf8->high = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        utf8->missing = 3;
        utf8->character = byte & 0x07;
        if (byte == 0xf0)
            utf8->low = 0x90;
        if (byte == 0xf4)
            utf8->high = 0x8f;
    } else {
        return false;
    }
    return true;
}

bool utf8_take(struct utf8 *utf8, uint8_t byte)
{
    if (utf8->missing == 0)
        return begin(utf8, byte);
    if (byte < utf8->low || byte > utf8->high)
        return false;
    utf8->missing--;
    utf8->low = 0x80;
    utf8->high = 0xbf;
    utf8->character = utf8->character << 6 | (byte & 0x3f);
    return true;
}

bool utf8_take_all(struct utf8 *utf8, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!utf8_take(utf8, bytes[i]))
            return false;
    return true;
}

bool utf8_valid(const uint8_t *bytes, size_t length)
{
    struct utf8 utf8 = {0};
    return utf8_take_all(&utf8, bytes, length) && utf8.missing == 0;
}

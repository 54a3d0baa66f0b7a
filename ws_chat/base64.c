/* base64.c: three bytes are 24 bits are four characters of six bits each. */
#include "base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *bytes, size_t length, char *text)
{
    char *out = text;
    for (size_t i = 0; i < length; i += 3) {
        size_t here = length - i < 3 ? length - i : 3; /* the last group may have one byte or two */
        uint32_t bits = (uint32_t)bytes[i] << 16;
        if (here > 1)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (here > 2)
            bits |= bytes[i + 2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = here > 1 ? alphabet[bits >> 6 & 63] : '=';
        *out++ = here > 2 ? alphabet[bits & 63] : '=';
    }
    *out = '\0';
    return text;
}

int base64_decode(const char *text, uint8_t *bytes, size_t size)
{
    size_t length = strlen(text), made = 0;
    if (length % 4 != 0)
        return -1;
    for (size_t i = 0; i < length; i += 4) {
        uint32_t bits = 0;
        size_t here = 3; /* bytes in this group */
        for (size_t j = 0; j < 4; j++) {
            const char *digit = strchr(alphabet, text[i + j]);
            if (text[i + j] == '=' && i + 4 == length && (j == 3 || (j == 2 && text[i + 3] == '=')))
                here = j - 1 < here ? j - 1 : here;
            else if (digit == NULL)
                return -1;
            else
                bits |= (uint32_t)(digit - alphabet) << (18 - 6 * j);
        }
        if ((bits << 8 * here & 0xffffff) != 0 || made + here > size)
            return -1;
        for (size_t j = 0; j < here; j++)
            bytes[made++] = (uint8_t)(bits >> (16 - 8 * j));
    }
    return (int)made;
}

/* utf8_test.c: every character there is, spelled by hand; sequences of three bytes against a second opinion. */
#include "ws_chat/utf8.h"

#include <stdio.h>
#include <string.h>

static int failures;

/* RFC 3629, section 3: from the number to the bytes. Returns their number. */
static size_t spell(uint32_t character, uint8_t bytes[4])
{
    if (character < 0x80) {
        bytes[0] = (uint8_t)character;
        return 1;
    }
    size_t more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, character >>= 6)
        bytes[i] = (uint8_t)(0x80 | (character & 0x3f));
    bytes[0] = (uint8_t)((0xf0u << (3 - more) & 0xff) | character);
    return more + 1;
}

static void fail(const char *what, uint32_t number)
{
    if (failures++ < 10)
        printf("%s: %x\n", what, (unsigned)number);
}

/* Up to 1FFFFF, the most that four bytes could spell. */
static void every_character(void)
{
    for (uint32_t character = 0; character < 0x200000; character++) {
        uint8_t bytes[4];
        size_t length = spell(character, bytes);
        bool wanted = character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
        struct utf8 utf8 = {0};
        if (utf8_valid(bytes, length) != wanted)
            fail("the character", character);
        if (wanted && (!utf8_take_all(&utf8, bytes, length) || utf8.missing != 0 || utf8.character != character))
            fail("not told as itself, the character", character);
        if (wanted && length > 1 && utf8_valid(bytes, length - 1))
            fail("valid without its last byte, the character", character);
        struct utf8 half = {0};
        if (wanted && length > 1 && (!utf8_take_all(&half, bytes, length - 1) || half.missing != 1))
            fail("refused before its last byte, the character", character);
    }
}

/* A second opinion: three bytes are valid if they are the spelling of characters, one after the other. */
static bool is_spelled(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return true;
    for (size_t size = 1; size <= length; size++) {
        uint32_t character = size == 1   ? bytes[0]
                             : size == 2 ? (uint32_t)(bytes[0] & 0x1f) << 6 | (bytes[1] & 0x3f)
                                         : (uint32_t)(bytes[0] & 0x0f) << 12 | (uint32_t)(bytes[1] & 0x3f) << 6 |
                                               (bytes[2] & 0x3f);
        uint8_t again[4];
        if ((character < 0xd800 || character > 0xdfff) && spell(character, again) == size &&
            memcmp(again, bytes, size) == 0 && is_spelled(bytes + size, length - size))
            return true;
    }
    return false;
}

/* Every two bytes, and behind them one of each kind. */
static void three_bytes(void)
{
    static const uint8_t third[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xf0, 0xff};
    for (uint32_t number = 0; number < 65536; number++) {
        for (size_t i = 0; i < sizeof third; i++) {
            uint8_t bytes[3] = {(uint8_t)(number >> 8), (uint8_t)(number & 255), third[i]};
            if (utf8_valid(bytes, 3) != is_spelled(bytes, 3))
                fail("three bytes that begin with", number);
        }
    }
}

int main(void)
{
    every_character();
    three_bytes();
    return failures > 0;
}

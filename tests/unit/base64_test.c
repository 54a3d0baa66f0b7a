/* base64_test.c: base64 by the vectors of RFC 4648, section 10; what is no base64; there and back. */
#include "ws_chat/base64.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void fail(const char *what, const char *text)
{
    printf("%s: %s\n", what, text);
    failures++;
}

static void both_ways(const char *plain, const char *wanted)
{
    char text[BASE64_SIZE(64)];
    uint8_t bytes[64];
    size_t length = strlen(plain);
    if (strcmp(base64_encode((const uint8_t *)plain, length, text), wanted) != 0)
        fail("encoded", text);
    if (base64_decode(wanted, bytes, sizeof bytes) != (int)length || memcmp(bytes, plain, length) != 0)
        fail("decoded", wanted);
    if (length > 0 && base64_decode(wanted, bytes, length - 1) != -1)
        fail("more than there is room for is taken", wanted);
}

static void refused(const char *text)
{
    uint8_t bytes[64];
    if (base64_decode(text, bytes, sizeof bytes) != -1)
        fail("taken, though it is no base64", text);
}

/* Every pair of bytes at each place of a group. */
static void there_and_back(void)
{
    for (unsigned pair = 0; pair < 65536; pair++) {
        for (size_t length = 2; length <= 4; length++) {
            uint8_t bytes[4] = {(uint8_t)(pair >> 8), (uint8_t)(pair & 255), (uint8_t)(pair >> 8), (uint8_t)pair};
            uint8_t back[4] = {0};
            char text[BASE64_SIZE(4)];
            base64_encode(bytes, length, text);
            if (base64_decode(text, back, sizeof back) != (int)length || memcmp(bytes, back, length) != 0)
                fail("there and back", text);
        }
    }
}

int main(void)
{
    both_ways("", "");
    both_ways("f", "Zg==");
    both_ways("fo", "Zm8=");
    both_ways("foo", "Zm9v");
    both_ways("foob", "Zm9vYg==");
    both_ways("fooba", "Zm9vYmE=");
    both_ways("foobar", "Zm9vYmFy");
    both_ways("\xff\xfe\xfd", "//79");
    both_ways("\xfb\xef\xbe", "++++");
    there_and_back();
    static const char *const wrong[] = {
        "Z",    "Zg",   "Zg=",  "Zm9",    "====", "=Zg=",     "Z===",     "Zh==",  "Zm9=",      "Zg=a",
        "Zm9-", "Zm9_", "Zm 9", "Zm9v\n", " Zm9", "Zg==Zg==", "Zm8=Zm9v", "Zm9vZ", "\xc3\xa4Zg"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(wrong[i]);
    return failures > 0;
}

/* sha1_test.c: SHA-1 by the vectors of RFC 3174, section 7.3, and each length around the end of a block. */
#include "ws_chat/sha1.h"

#include <stdio.h>
#include <string.h>

static int failures;

static const char *hex(const uint8_t digest[SHA1_SIZE], char text[2 * SHA1_SIZE + 1])
{
    for (size_t i = 0; i < SHA1_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", (unsigned)digest[i]);
    return text;
}

static void check(const char *what, const void *bytes, size_t length, const char *wanted)
{
    uint8_t digest[SHA1_SIZE];
    char text[2 * SHA1_SIZE + 1];
    sha1(bytes, length, digest);
    if (strcmp(hex(digest, text), wanted) != 0) {
        printf("sha1 of %s: expected %s, got %s\n", what, wanted, text);
        failures++;
    }
}

/* The RFC's tests 3 and 4 repeat a text. */
static void repeated(const char *text, size_t times, const char *wanted)
{
    static char bytes[1000000];
    size_t length = strlen(text);
    for (size_t i = 0; i < times; i++)
        memcpy(bytes + i * length, text, length);
    check(text, bytes, times * length, wanted);
}

/* The digest of the digests of 0, 1, 2 ... 200 bytes 'a': the padding has one block or two. The value was computed by
 * sha1sum(1). */
static void every_length(void)
{
    char bytes[200];
    uint8_t digests[201 * SHA1_SIZE];
    memset(bytes, 'a', sizeof bytes);
    for (size_t length = 0; length <= sizeof bytes; length++)
        sha1(bytes, length, digests + length * SHA1_SIZE);
    check("the digests of 0 to 200 bytes", digests, sizeof digests, "f6f332e8f89c35ee3df74d34ef8fda777d9647b9");
}

int main(void)
{
    check("nothing", "", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    check("abc", "abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    check("the RFC's second", two_blocks, strlen(two_blocks), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    repeated("a", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    repeated("0123456701234567012345670123456701234567012345670123456701234567", 10,
             "dea356a2cddd90c7a7ecedc5ebb563934f460452");
    every_length();
    return failures > 0;
}

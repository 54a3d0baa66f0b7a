/* probe.c: numbers into bytes, and what can be made of bytes from the network. */
#include "probe.h"

#include <string.h>

enum { NUMBER_AT = 4, TIME_AT = 8 };
static const unsigned char magic[4] = {'n', 's', 't', 'p'};

/* The most significant byte first: network byte order, whatever this machine's is. */
static void put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        at[i] = (unsigned char)(value & 0xff);
}

void make_probe(unsigned char *bytes, size_t size, uint32_t number, uint64_t sent_us)
{
    memcpy(bytes, magic, sizeof magic);
    put(bytes + NUMBER_AT, number, 4);
    put(bytes + TIME_AT, sent_us, 8);
    for (size_t i = SMALLEST_PROBE; i < size; i++)
        bytes[i] = (unsigned char)(i + number);
}

bool probe_number(const unsigned char *bytes, size_t length, size_t size, uint32_t *number)
{
    if (length != size || memcmp(bytes, magic, sizeof magic) != 0)
        return false;
    *number = 0;
    for (int i = 0; i < 4; i++)
        *number = *number << 8 | bytes[NUMBER_AT + i];
    return true;
}

/* frame.c: headers taken apart and put together. Whatever a peer sends is checked here before anything believes it. */
#include "frame.h"

#include "utf8.h"

#include <string.h>

enum { FIN = 0x80, RSV = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f, LENGTH_16 = 126, LENGTH_64 = 127 };

bool is_control(enum opcode opcode)
{
    return (opcode & 8) != 0;
}

static bool is_known(unsigned opcode)
{
    return opcode <= OP_BINARY || (opcode >= OP_CLOSE && opcode <= OP_PONG);
}

static int broken(struct violation *violation, const char *reason)
{
    *violation = (struct violation){.code = CLOSE_PROTOCOL_ERROR, .reason = reason};
    return -1;
}

/* What can be said against the first two bytes; NULL if nothing. */
static const char *why_not(const uint8_t *bytes, size_t length, enum role us)
{
    if ((bytes[0] & RSV) != 0)
        return "a reserved bit is set, no extension was agreed";
    if (!is_known(bytes[0] & OPCODE))
        return "an opcode that is not defined";
    if (is_control(bytes[0] & OPCODE) && (bytes[0] & FIN) == 0)
        return "a control frame in fragments";
    if (length < 2)
        return NULL;
    if (is_control(bytes[0] & OPCODE) && (bytes[1] & LENGTH) > CONTROL_PAYLOAD_MAX)
        return "a control frame of more than 125 bytes";
    if (us == ROLE_SERVER && (bytes[1] & MASKED) == 0)
        return "a client's frame without a mask";
    if (us == ROLE_CLIENT && (bytes[1] & MASKED) != 0)
        return "a server's frame with a mask";
    return NULL;
}

static uint64_t big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

int frame_decode(const uint8_t *bytes, size_t length, enum role us, struct frame_header *header,
                 struct violation *violation)
{
    const char *reason = length > 0 ? why_not(bytes, length, us) : NULL;
    if (reason != NULL)
        return broken(violation, reason);
    if (length < 2)
        return 0;
    header->fin = (bytes[0] & FIN) != 0;
    header->opcode = (enum opcode)(bytes[0] & OPCODE);
    header->masked = (bytes[1] & MASKED) != 0;
    header->length = bytes[1] & LENGTH;

    size_t extended = header->length == LENGTH_16 ? 2 : header->length == LENGTH_64 ? 8 : 0;
    size_t size = 2 + extended;
    if (length < size)
        return 0;
    if (extended > 0)
        header->length = big_endian(bytes + 2, extended);
    if ((extended == 2 && header->length < LENGTH_16) || (extended == 8 && header->length <= UINT16_MAX))
        return broken(violation, "a length that has a shorter form");
    if (header->length > INT64_MAX)
        return broken(violation, "a length with the highest bit set");
    if (!header->masked)
        return (int)size;
    if (length < size + 4)
        return 0;
    memcpy(header->mask, bytes + size, 4);
    return (int)size + 4;
}

size_t frame_encode(uint8_t header[FRAME_HEADER_MAX], bool fin, enum opcode opcode, uint64_t length,
                    const uint8_t *mask)
{
    size_t extended = length < LENGTH_16 ? 0 : length <= UINT16_MAX ? 2 : 8;
    uint8_t short_length = extended == 0 ? (uint8_t)length : extended == 2 ? LENGTH_16 : LENGTH_64;
    size_t size = 2 + extended;
    header[0] = (uint8_t)((fin ? FIN : 0) | opcode);
    header[1] = (uint8_t)((mask ? MASKED : 0) | short_length);
    for (size_t i = 0; i < extended; i++)
        header[1 + extended - i] = (uint8_t)(length >> 8 * i);
    if (mask == NULL)
        return size;
    memcpy(header + size, mask, 4);
    return size + 4;
}

void frame_mask(uint8_t *bytes, size_t length, const uint8_t mask[4], uint64_t offset)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] ^= mask[(offset + i) & 3];
}

/* 1000 to 2999 belong to the standard, and only some are given out (IANA's list); 3000 to 4999 to programs. */
bool close_code_allowed(unsigned code)
{
    if (code >= 1000 && code <= 1014)
        return code != 1004 && code != CLOSE_NONE && code != CLOSE_ABNORMAL;
    return code >= 3000 && code <= 4999;
}

int close_decode(const uint8_t *payload, size_t length, struct violation *violation)
{
    if (length == 0)
        return CLOSE_NONE;
    if (length == 1)
        return broken(violation, "a Close frame with half a code");
    unsigned code = (unsigned)big_endian(payload, 2);
    if (!close_code_allowed(code))
        return broken(violation, "a Close frame with a code that must not be sent");
    if (!utf8_valid(payload + 2, length - 2)) {
        *violation = (struct violation){.code = CLOSE_NOT_UTF8, .reason = "a Close frame whose reason is not UTF-8"};
        return -1;
    }
    return (int)code;
}

size_t close_encode(uint8_t payload[CONTROL_PAYLOAD_MAX], enum close_code code, const char *reason)
{
    size_t length = strlen(reason), most = CONTROL_PAYLOAD_MAX - 2;
    if (length > most) /* cut before a character, not within it: its later bytes are 10xxxxxx */
        for (length = most; length > 0 && ((uint8_t)reason[length] & 0xc0) == 0x80;)
            length--;
    payload[0] = (uint8_t)(code >> 8);
    payload[1] = (uint8_t)(code & 0xff);
    memcpy(payload + 2, reason, length);
    return length + 2;
}

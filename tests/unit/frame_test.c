/* frame_test.c: headers by the examples of RFC 6455, section 5.7; every header there and back; codes; and messages fed
 * in pieces of every size. */
#include "ws_chat/frame.h"
#include "ws_chat/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(bool good, const char *what)
{
    if (!good) {
        printf("%s\n", what);
        failures++;
    }
}

/* Section 5.7: "Hello" unmasked from a server, masked from a client; a Ping; 256 bytes and 64 KiB of binary data. */
static void examples_of_the_rfc(void)
{
    static const uint8_t unmasked[] = {0x81, 0x05, 'H', 'e', 'l', 'l', 'o'};
    uint8_t masked[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    static const uint8_t ping[] = {0x89, 0x05}, short_one[] = {0x82, 0x7e, 1, 0},
                         long_one[] = {0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0};
    struct frame_header header;
    struct violation violation;
    check(frame_decode(unmasked, sizeof unmasked, ROLE_CLIENT, &header, &violation) == 2, "unmasked Hello");
    check(header.fin && header.opcode == OP_TEXT && header.length == 5 && !header.masked, "unmasked Hello: its header");
    check(frame_decode(masked, sizeof masked, ROLE_SERVER, &header, &violation) == 6, "masked Hello");
    frame_mask(masked + 6, 5, header.mask, 0);
    check(header.masked && memcmp(masked + 6, "Hello", 5) == 0, "masked Hello: its payload");
    check(frame_decode(ping, 2, ROLE_CLIENT, &header, &violation) == 2 && header.opcode == OP_PING, "the Ping");
    check(frame_decode(short_one, 4, ROLE_CLIENT, &header, &violation) == 4 && header.length == 256, "256 bytes");
    check(frame_decode(long_one, 10, ROLE_CLIENT, &header, &violation) == 10 && header.length == 65536, "64 KiB");
    check(frame_decode(unmasked, 7, ROLE_SERVER, &header, &violation) == -1 && violation.code == 1002, "no mask");
    check(frame_decode(masked, 7, ROLE_CLIENT, &header, &violation) == -1 && violation.code == 1002, "a mask");
}

/* What was encoded is decoded as itself, needs every byte, and no byte less. */
static void there_and_back(enum opcode opcode, uint64_t length, bool fin, bool masked)
{
    uint8_t bytes[FRAME_HEADER_MAX];
    static const uint8_t mask[4] = {1, 2, 3, 4};
    struct frame_header header;
    struct violation violation;
    enum role us = masked ? ROLE_SERVER : ROLE_CLIENT;
    size_t size = frame_encode(bytes, fin, opcode, length, masked ? mask : NULL);
    for (size_t part = 0; part < size; part++)
        check(frame_decode(bytes, part, us, &header, &violation) == 0, "a header that is not complete");
    check(frame_decode(bytes, size, us, &header, &violation) == (int)size, "there and back");
    check(header.fin == fin && header.opcode == opcode && header.length == length && header.masked == masked,
          "there and back: another header");
    check(!masked || memcmp(header.mask, mask, 4) == 0, "there and back: another mask");
}

static void every_header(void)
{
    static const uint64_t lengths[] = {0, 1, 125, 126, 127, 255, 256, 65535, 65536, 1u << 31, INT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (int bits = 0; bits < 4; bits++) {
            there_and_back(OP_TEXT, lengths[i], bits & 1, bits & 2);
            there_and_back(OP_CONTINUATION, lengths[i], bits & 1, bits & 2);
            if (lengths[i] <= CONTROL_PAYLOAD_MAX)
                there_and_back(OP_CLOSE, lengths[i], true, bits & 2);
        }
    }
}

static void masks(void)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t whole[100], pieces[100];
    for (size_t i = 0; i < sizeof whole; i++)
        whole[i] = pieces[i] = (uint8_t)i;
    frame_mask(whole, sizeof whole, mask, 0);
    for (size_t at = 0, size = 1; at < sizeof pieces; at += size, size = size % 7 + 1)
        frame_mask(pieces + at, at + size <= sizeof pieces ? size : sizeof pieces - at, mask, at);
    check(memcmp(whole, pieces, sizeof whole) == 0, "a mask in pieces is another than as a whole");
    check(whole[1] == (1 ^ 0xfa) && whole[99] == (99 ^ 0x3d), "the mask");
}

static void close_frames(void)
{
    struct violation violation;
    uint8_t payload[CONTROL_PAYLOAD_MAX] = {0};
    char reason[200];
    check(close_decode(payload, 0, &violation) == CLOSE_NONE, "a Close frame without a code");
    for (unsigned code = 0; code < 65536; code++) {
        bool given_out = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
        check(close_code_allowed(code) == (given_out || (code >= 3000 && code <= 4999)), "a code of Close");
    }
    memset(reason, 'x', sizeof reason - 1);
    reason[199] = '\0';
    memcpy(reason + 122, "\xe2\x82\xac", 3); /* begins at the last byte that there is room for */
    check(close_encode(payload, 1000, reason) == 2 + 122, "a reason that is cut within a character");
    check(close_decode(payload, 2 + 122, &violation) == 1000, "a Close frame there and back");
    check(close_encode(payload, 1001, "") == 2 && payload[0] == 3 && payload[1] == 0xe9, "a Close frame, no reason");
}

/* A text in fragments with a Ping between, cut into pieces of `size` bytes, gives the Ping and the text. */
static void message_in_pieces(size_t size)
{
    static const uint8_t sent[] = {0x01, 0x83, 0,    0, 0, 0, 'a', 0xe2, 0x82, 0x89, 0x81, 0, 0, 0,    0,
                                   '!',  0x00, 0x80, 0, 0, 0, 0,   0x80, 0x82, 0,    0,    0, 0, 0xac, 'b'};
    struct message_reader reader = {.us = ROLE_SERVER, .most = 5};
    struct message message;
    struct violation violation;
    int found = 0;
    for (size_t at = 0; at < sizeof sent; at += size) {
        uint8_t piece[sizeof sent];
        size_t left = at + size <= sizeof sent ? size : sizeof sent - at, used = 0;
        bool has_message = true;
        memcpy(piece, sent + at, left);
        while (has_message) {
            ssize_t took = message_read(&reader, piece + used, left - used, &message, &has_message, &violation);
            check(took >= 0, "a message in pieces is refused");
            if (took < 0)
                break;
            used += (size_t)took;
            if (has_message && found++ == 0)
                check(message.opcode == OP_PING && message.length == 1 && message.bytes[0] == '!', "the Ping");
            else if (has_message)
                check(message.opcode == OP_TEXT && message.length == 5 &&
                          memcmp(message.bytes,
                                 "a\xe2\x82\xac"
                                 "b",
                                 5) == 0,
                      "the text");
        }
    }
    check(found == 2 && reader.data.bytes == NULL && reader.control.bytes == NULL, "what is left behind");
    message_reader_free(&reader);
}

int main(void)
{
    examples_of_the_rfc();
    every_header();
    masks();
    close_frames();
    for (size_t size = 1; size <= 30; size++)
        message_in_pieces(size);
    return failures > 0;
}

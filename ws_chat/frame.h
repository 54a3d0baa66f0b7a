/* frame.h: the frames of WebSocket (RFC 6455, section 5), for either end.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| Payload len |    Extended payload length    |   126: the next 2 bytes have the length,
 *     |I|S|S|S|  (4)  |A|     (7)     |          (16 or 64)           |   127: the next 8
 *     |N|V|V|V|       |S|             |                               |
 *     +-+-+-+-+-------+-+-------------+-------------------------------+   then 4 bytes of mask if M is set,
 *                                                                         then the payload
 */
#ifndef WS_CHAT_FRAME_H
#define WS_CHAT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum opcode { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

/* Why a connection is closed (RFC 6455, section 7.4.1). */
enum close_code {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_UNSUPPORTED = 1003,
    CLOSE_NONE = 1005,     /* stands for a Close frame without a code; never sent */
    CLOSE_ABNORMAL = 1006, /* stands for the end without a Close frame; never sent */
    CLOSE_NOT_UTF8 = 1007,
    CLOSE_POLICY = 1008,
    CLOSE_TOO_BIG = 1009
};

/* Which end we are: a client masks what it sends, a server must not. */
enum role { ROLE_SERVER, ROLE_CLIENT };

enum {
    FRAME_HEADER_MAX = 14,    /* 2 + 8 + 4 */
    CONTROL_PAYLOAD_MAX = 125 /* of Close, Ping and Pong */
};

struct frame_header {
    bool fin; /* the message's last frame */
    enum opcode opcode;
    bool masked;
    uint8_t mask[4];
    uint64_t length; /* of the payload */
};

/* What the other end did against the rules, and the code to close with. */
struct violation {
    enum close_code code;
    const char *reason;
};

/* Reads a header of which `length` bytes have arrived; `us` receives it. Returns how many bytes it has; 0 while more
 * are wanted; -1 with *violation as soon as it is certain that the frame is not allowed. No extension is ever agreed
 * upon, so the bits RSV1 to RSV3 must be 0. */
int frame_decode(const uint8_t *bytes, size_t length, enum role us, struct frame_header *header,
                 struct violation *violation);

/* Writes a header in the shortest form; `mask` NULL: none. Returns how many bytes it has. */
size_t frame_encode(uint8_t header[FRAME_HEADER_MAX], bool fin, enum opcode opcode, uint64_t length,
                    const uint8_t *mask);

/* Masks or, which is the same, unmasks `length` bytes that begin at byte `offset` of the payload. */
void frame_mask(uint8_t *bytes, size_t length, const uint8_t mask[4], uint64_t offset);

/* Whether the opcode is one of a control frame: Close, Ping, Pong and those that are reserved for more of them. */
bool is_control(enum opcode opcode);

/* Whether the other end may send this code in a Close frame. */
bool close_code_allowed(unsigned code);

/* Reads the payload of a Close frame. Returns the code, CLOSE_NONE where there is none; -1 with *violation. */
int close_decode(const uint8_t *payload, size_t length, struct violation *violation);

/* Writes the payload of a Close frame: the code, and as much of `reason` (UTF-8) as fits. Returns its length. */
size_t close_encode(uint8_t payload[CONTROL_PAYLOAD_MAX], enum close_code code, const char *reason);

#endif

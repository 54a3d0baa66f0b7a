/* message.h: from bytes as they arrive to messages: frames joined, unmasked, and text checked to be UTF-8. */
#ifndef WS_CHAT_MESSAGE_H
#define WS_CHAT_MESSAGE_H

#include "frame.h"
#include "utf8.h"

#include <sys/types.h>

/* A message, or a control frame, which may come between the fragments of one. */
struct message {
    enum opcode opcode;   /* OP_TEXT, OP_BINARY, OP_CLOSE, OP_PING or OP_PONG */
    const uint8_t *bytes; /* belongs to the reader, until the next message_read(); NULL only where length is 0 */
    size_t length;
};

/* What has come of a payload: nothing is allocated before the first byte. */
struct payload {
    uint8_t *bytes;
    size_t length, room;
};

/* All zero but for `us` and `most` is a new reader. Between two messages it holds no memory. */
struct message_reader {
    enum role us;
    size_t most; /* bytes that a message may have */

    uint8_t header_bytes[FRAME_HEADER_MAX]; /* a header that has not come whole */
    uint8_t header_length;
    bool in_payload;           /* the header is complete, ... */
    struct frame_header frame; /* ... it is this, ... */
    uint64_t taken;            /* ... and so much of the payload has come */

    bool fragmented;    /* a message has begun whose last frame has not come */
    enum opcode opcode; /* of that message, or of the one handed out last */
    struct utf8 utf8;   /* of its text */
    struct payload data, control;
    bool handed_out; /* one of the two was given to the caller: it is freed at the next call */
};

/* Takes some of `length` bytes, which it may change (unmask), up to the end of a message.
 * Returns how many it took, and in *message the message that is complete, `bytes` and `length` with it;
 * has_message tells. Returns -1 with *violation when the connection has to be closed; the reader is then only good for
 * message_reader_free(). */
ssize_t message_read(struct message_reader *reader, uint8_t *bytes, size_t length, struct message *message,
                     bool *has_message, struct violation *violation);

void message_reader_free(struct message_reader *reader);

#endif

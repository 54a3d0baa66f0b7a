/* trace.h: --trace: one line for each frame, as it is on the wire. */
#ifndef WS_CHAT_TRACE_H
#define WS_CHAT_TRACE_H

#include "frame.h"

enum { TRACE_SHOWN = 40 }; /* bytes of a payload that the line shows */

/* One direction of a connection. All zero but for `reader` is the beginning, behind the HTTP head. */
struct trace {
    enum role reader; /* who receives these frames: ROLE_SERVER for those that a client sends */
    uint8_t header[FRAME_HEADER_MAX];
    size_t header_length; /* of a header that has not come whole */
    bool in_payload;
    struct frame_header frame;
    uint64_t taken; /* of its payload */
    uint8_t shown[TRACE_SHOWN];
    bool lost; /* something came that is no frame: from there on nobody knows where one begins */
};

/* Both directions, for a server. */
struct traces {
    struct trace received, sent;
    size_t answer_left; /* bytes of the HTTP answer that are sent before the first frame */
};

/* Looks at bytes as they are read or written, before they are unmasked and after they were masked, in pieces of any
 * size. Writes a line to the descriptor `out` for each frame that is complete:
 *
 *     client ──▶ server  FIN  text 0x1   mask 37fa213d      5 bytes  "Hello"
 *
 * `client` is what stands for the client: with many, its address. */
void trace_bytes(struct trace *trace, int out, const char *client, const uint8_t *bytes, size_t length);

#endif

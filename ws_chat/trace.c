/* trace.c: see trace.h. It reads the frames once more, beside whoever acts on them, so that it shows what was on the
 * wire and not what somebody made of it. */
#include "trace.h"

#include "common/await.h"
#include "plain.h"
#include "utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *opcode_name(enum opcode opcode)
{
    switch (opcode) {
    case OP_CONTINUATION: return "more   0x0";
    case OP_TEXT: return "text   0x1";
    case OP_BINARY: return "binary 0x2";
    case OP_CLOSE: return "close  0x8";
    case OP_PING: return "ping   0x9";
    case OP_PONG: return "pong   0xA";
    default: return "?";
    }
}

static const char *arrow(const struct trace *trace)
{
    return trace->reader == ROLE_SERVER ? "──▶" : "◀──";
}

/* As much of what was cut as ends with a whole character. */
static size_t whole_characters(const uint8_t *bytes, size_t length)
{
    size_t first = length; /* behind the last character's first byte: the others are 10xxxxxx */
    while (first > 0 && (bytes[first - 1] & 0xc0) == 0x80)
        first--;
    bool whole = first == 0 || utf8_valid(bytes + first - 1, length - (first - 1));
    return whole ? length : first - 1;
}

/* The payload as text: what a Close frame says, or as much as is shown of the others. Returns `text`. */
static const char *payload_text(const struct trace *trace, char *text, size_t size)
{
    uint8_t bytes[TRACE_SHOWN];
    char plain[TRACE_SHOWN + 1], code[16] = "";
    bool cut = trace->frame.length > TRACE_SHOWN;
    size_t length = cut ? TRACE_SHOWN : (size_t)trace->frame.length, from = 0;
    memcpy(bytes, trace->shown, length);
    if (trace->frame.masked)
        frame_mask(bytes, length, trace->frame.mask, 0);
    if (trace->frame.opcode == OP_CLOSE && length >= 2) {
        snprintf(code, sizeof code, "  code %d", bytes[0] << 8 | bytes[1]);
        from = 2;
    }
    if (cut)
        length = whole_characters(bytes, length);
    plain_text(bytes + from, length - from, plain, sizeof plain);
    snprintf(text, size, length > from ? "%s  \"%s\"%s" : "%s", code, plain, cut ? "..." : "");
    return text;
}

static void print_frame(const struct trace *trace, int out, const char *client)
{
    char mask[16] = "no mask", text[TRACE_SHOWN + 32], line[TRACE_SHOWN + 256];
    const uint8_t *key = trace->frame.mask;
    if (trace->frame.masked)
        snprintf(mask, sizeof mask, "mask %02x%02x%02x%02x", key[0], key[1], key[2], key[3]);
    int length = snprintf(line, sizeof line, "%s %s server  %-3s  %s  %-13s  %5" PRIu64 " bytes%s\n", client,
                          arrow(trace), trace->frame.fin ? "FIN" : "-", opcode_name(trace->frame.opcode), mask,
                          trace->frame.length, payload_text(trace, text, sizeof text));
    await_write_all(out, line, (size_t)length); /* who does not read it misses it */
}

static void print_no_frame(struct trace *trace, int out, const char *client, const char *reason)
{
    char line[256];
    int length = snprintf(line, sizeof line, "%s %s server  no frame: %s\n", client, arrow(trace), reason);
    await_write_all(out, line, (size_t)length);
    trace->lost = true;
}

/* Takes bytes of a header, up to its end. Returns how many. */
static size_t take_header(struct trace *trace, int out, const char *client, const uint8_t *bytes, size_t length)
{
    struct violation violation;
    size_t before = trace->header_length, taken = sizeof trace->header - before;
    if (taken > length)
        taken = length;
    memcpy(trace->header + before, bytes, taken);
    int size = frame_decode(trace->header, before + taken, trace->reader, &trace->frame, &violation);
    trace->header_length += taken;
    if (size == 0)
        return taken;
    if (size < 0) {
        print_no_frame(trace, out, client, violation.reason);
        return length;
    }
    trace->header_length = 0;
    trace->in_payload = true;
    trace->taken = 0;
    return (size_t)size - before;
}

void trace_bytes(struct trace *trace, int out, const char *client, const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && !trace->lost) {
        if (!trace->in_payload)
            at += take_header(trace, out, client, bytes + at, length - at);
        if (!trace->in_payload)
            continue;
        uint64_t missing = trace->frame.length - trace->taken;
        size_t here = length - at < missing ? length - at : (size_t)missing;
        if (trace->taken < TRACE_SHOWN) {
            size_t room = TRACE_SHOWN - (size_t)trace->taken;
            memcpy(trace->shown + trace->taken, bytes + at, here < room ? here : room);
        }
        trace->taken += here;
        at += here;
        if (trace->taken == trace->frame.length) {
            print_frame(trace, out, client);
            trace->in_payload = false;
        }
    }
}

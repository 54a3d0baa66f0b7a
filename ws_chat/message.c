/* message.c: fragments and what may come between them (RFC 6455, section 5.4). */
#include "message.h"

#include <stdlib.h>
#include <string.h>

static void empty(struct payload *payload)
{
    free(payload->bytes);
    *payload = (struct payload){.bytes = NULL};
}

void message_reader_free(struct message_reader *reader)
{
    empty(&reader->data);
    empty(&reader->control);
}

/* Makes room for `more` bytes: as much as is asked for at first, later at least twice as much as there was. */
static bool make_room(struct payload *payload, size_t more)
{
    size_t room = payload->length + more;
    if (room <= payload->room)
        return true;
    if (room < 2 * payload->room)
        room = 2 * payload->room;
    uint8_t *bytes = realloc(payload->bytes, room);
    if (bytes == NULL)
        return false;
    payload->bytes = bytes;
    payload->room = room;
    return true;
}

static bool against(struct violation *violation, enum close_code code, const char *reason)
{
    *violation = (struct violation){.code = code, .reason = reason};
    return false;
}

/* A header is complete. Returns whether such a frame may come now. */
static bool begin_frame(struct message_reader *reader, struct violation *violation)
{
    const struct frame_header *frame = &reader->frame;
    reader->in_payload = true;
    reader->taken = 0;
    reader->header_length = 0;
    if (is_control(frame->opcode))
        return true;
    if (frame->opcode == OP_CONTINUATION && !reader->fragmented)
        return against(violation, CLOSE_PROTOCOL_ERROR, "a continuation of nothing");
    if (frame->opcode != OP_CONTINUATION && reader->fragmented)
        return against(violation, CLOSE_PROTOCOL_ERROR, "a new message within the fragments of another");
    if (frame->length > reader->most - reader->data.length)
        return against(violation, CLOSE_TOO_BIG, "the message is too long");
    if (frame->opcode != OP_CONTINUATION) {
        reader->opcode = frame->opcode;
        reader->utf8 = (struct utf8){0};
    }
    reader->fragmented = true;
    return true;
}

/* Header bytes are collected one by one: they are few, and each is checked as soon as it is there.
 * Returns how many were taken, or -1. */
static ssize_t take_header(struct message_reader *reader, const uint8_t *bytes, size_t length,
                           struct violation *violation)
{
    for (size_t i = 0; i < length; i++) {
        reader->header_bytes[reader->header_length++] = bytes[i];
        int size = frame_decode(reader->header_bytes, reader->header_length, reader->us, &reader->frame, violation);
        if (size == -1)
            return -1;
        if (size > 0)
            return begin_frame(reader, violation) ? (ssize_t)i + 1 : -1;
    }
    return (ssize_t)length;
}

/* Returns how many bytes of the payload were taken, or -1. */
static ssize_t take_payload(struct message_reader *reader, uint8_t *bytes, size_t length, struct violation *violation)
{
    struct payload *payload = is_control(reader->frame.opcode) ? &reader->control : &reader->data;
    uint64_t left = reader->frame.length - reader->taken;
    size_t here = length < left ? length : (size_t)left;
    if (here == 0)
        return 0;
    if (reader->frame.masked)
        frame_mask(bytes, here, reader->frame.mask, reader->taken);
    if (payload == &reader->data && reader->opcode == OP_TEXT && !utf8_take_all(&reader->utf8, bytes, here)) {
        against(violation, CLOSE_NOT_UTF8, "text that is not UTF-8");
        return -1;
    }
    if (!make_room(payload, here)) {
        against(violation, CLOSE_TOO_BIG, "no memory for the message");
        return -1;
    }
    memcpy(payload->bytes + payload->length, bytes, here);
    payload->length += here;
    reader->taken += here;
    return (ssize_t)here;
}

/* The frame is complete. Returns whether all is well; *has_message where it ends a message. */
static bool end_frame(struct message_reader *reader, struct message *message, bool *has_message,
                      struct violation *violation)
{
    bool control = is_control(reader->frame.opcode);
    const struct payload *payload = control ? &reader->control : &reader->data;
    reader->in_payload = false;
    *has_message = reader->frame.fin;
    if (!*has_message)
        return true;
    if (!control)
        reader->fragmented = false;
    if (!control && reader->opcode == OP_TEXT && reader->utf8.missing > 0)
        return against(violation, CLOSE_NOT_UTF8, "text that ends within a character");
    *message = (struct message){
        .opcode = control ? reader->frame.opcode : reader->opcode, .bytes = payload->bytes, .length = payload->length};
    reader->handed_out = true;
    return true;
}

ssize_t message_read(struct message_reader *reader, uint8_t *bytes, size_t length, struct message *message,
                     bool *has_message, struct violation *violation)
{
    size_t used = 0;
    *has_message = false;
    if (reader->handed_out) {
        reader->handed_out = false;
        empty(&reader->control);
        if (!reader->fragmented) /* else the control frame was handed out, and the message goes on */
            empty(&reader->data);
    }
    while (!*has_message && used < length) {
        ssize_t took = reader->in_payload ? take_payload(reader, bytes + used, length - used, violation)
                                          : take_header(reader, bytes + used, length - used, violation);
        if (took == -1)
            return -1;
        used += (size_t)took;
        if (reader->in_payload && reader->taken == reader->frame.length &&
            !end_frame(reader, message, has_message, violation))
            return -1;
    }
    return (ssize_t)used;
}

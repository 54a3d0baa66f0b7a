/* ws_frames: libFuzzer on the frames of WebSocket. The first byte says which end we are and how the bytes are cut in
 * pieces. However they are cut, the same messages come out; none is longer than may be, text is UTF-8, a control frame
 * has 125 bytes at most; and between two messages no memory is held. */
#include "ws_chat/message.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 300 };

static void check(bool good)
{
    if (!good)
        abort();
}

/* What came out: a sum over all messages and their order, and how it ended. */
struct outcome {
    unsigned long sum, count;
    int code;
};

static void add_message(struct outcome *outcome, const struct message *message)
{
    check(message->length <= (is_control(message->opcode) ? CONTROL_PAYLOAD_MAX : MOST));
    check(message->opcode != OP_TEXT || utf8_valid(message->bytes, message->length));
    outcome->count++;
    outcome->sum = outcome->sum * 31 + (unsigned)message->opcode;
    for (size_t i = 0; i < message->length; i++)
        outcome->sum = outcome->sum * 31 + message->bytes[i];
    struct violation violation;
    if (message->opcode == OP_CLOSE) {
        int code = close_decode(message->bytes, message->length, &violation);
        check(code == -1 || code == CLOSE_NONE || close_code_allowed((unsigned)code));
    }
}

/* One piece, in a block of its own, so that the sanitizer sees each step beyond. Returns false at a violation. */
static bool take_piece(struct message_reader *reader, const uint8_t *data, size_t size, struct outcome *outcome)
{
    uint8_t *piece = malloc(size + 1);
    size_t used = 0;
    bool has_message = true;
    struct message message;
    struct violation violation;
    memcpy(piece, data, size);
    while (has_message) {
        ssize_t took = message_read(reader, piece + used, size - used, &message, &has_message, &violation);
        if (took == -1) {
            outcome->code = (int)violation.code;
            free(piece);
            return false;
        }
        used += (size_t)took;
        check(used <= size);
        if (has_message)
            add_message(outcome, &message);
    }
    check(used == size);
    check(reader->fragmented || reader->in_payload || (reader->data.bytes == NULL && reader->control.bytes == NULL));
    free(piece);
    return true;
}

static struct outcome take_all(const uint8_t *data, size_t size, enum role us, size_t step)
{
    struct message_reader reader = {.us = us, .most = MOST};
    struct outcome outcome = {.code = 0};
    for (size_t at = 0; at < size; at += step)
        if (!take_piece(&reader, data + at, at + step <= size ? step : size - at, &outcome))
            break;
    message_reader_free(&reader);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum role us = data[0] & 1 ? ROLE_CLIENT : ROLE_SERVER;
    size_t step = 1 + (data[0] >> 1) % 16;
    struct outcome whole = take_all(data + 1, size - 1, us, size), pieces = take_all(data + 1, size - 1, us, step);
    check(whole.count == pieces.count && whole.sum == pieces.sum && whole.code == pieces.code);
    return 0;
}

/* packet: libFuzzer on the wire's decoder. Whatever the bytes are, none beyond their end is read, what is said of the
 * data lies within the frame, and the same bytes give the same packet. */
#include "wire/event.h"

#include <stdlib.h>
#include <string.h>

static void check(bool good)
{
    if (!good)
        abort();
}

/* Decodes the bytes in a block of their own, with nothing behind them: the sanitizer sees each step beyond. */
static void decode_alone(const uint8_t *data, size_t size, struct packet *packet)
{
    uint8_t *block = malloc(size);
    check(block != NULL || size == 0);
    if (size > 0)
        memcpy(block, data, size);
    packet_decode(block, size, packet);
    free(block);
}

static bool same_end(const struct endpoint *one, const struct endpoint *other)
{
    return memcmp(one->address, other->address, sizeof one->address) == 0 && one->port == other->port;
}

/* Member for member: what lies between them is nobody's. */
static bool same_packet(const struct packet *a, const struct packet *b)
{
    bool outside = a->kind == b->kind && a->family == b->family && same_end(&a->from, &b->from) &&
                   same_end(&a->to, &b->to) && a->ethertype == b->ethertype && a->protocol == b->protocol &&
                   a->ttl == b->ttl && a->fragment == b->fragment && a->payload_at == b->payload_at &&
                   a->length == b->length && a->arp_operation == b->arp_operation && a->malformed == b->malformed;
    bool tcp = a->seq == b->seq && a->ack == b->ack && a->flags == b->flags && a->window == b->window &&
               a->mss == b->mss && a->window_scale == b->window_scale && a->sack_permitted == b->sack_permitted &&
               a->sack_count == b->sack_count && memcmp(a->sack, b->sack, sizeof a->sack) == 0 &&
               a->has_timestamps == b->has_timestamps && a->timestamp == b->timestamp &&
               a->timestamp_echo == b->timestamp_echo;
    bool icmp = a->icmp_type == b->icmp_type && a->icmp_code == b->icmp_code && a->has_quoted == b->has_quoted &&
                a->quoted_protocol == b->quoted_protocol && same_end(&a->quoted_from, &b->quoted_from) &&
                same_end(&a->quoted_to, &b->quoted_to);
    return outside && tcp && icmp;
}

/* What the header promises. */
static void check_packet(const struct packet *packet, size_t size)
{
    check(packet->payload_at <= size && packet->length <= size - packet->payload_at);
    check(packet->length == 0 || packet->kind == PACKET_TCP || packet->kind == PACKET_UDP);
    check(packet->family == 0 || packet->family == AF_INET || packet->family == AF_INET6);
    check(packet->sack_count <= SACK_BLOCKS);
    check(packet->window_scale >= -1 && packet->window_scale <= 14);
    check(!packet->fragment || packet->kind == PACKET_OTHER);
    check(!packet->has_quoted || packet->kind == PACKET_ICMP);
    check(packet->malformed == NULL || *packet->malformed != '\0');
}

static void check_texts(const uint8_t *data, size_t size, const struct packet *packet)
{
    char flags[FLAGS_TEXT_SIZE], icmp[ICMP_TEXT_SIZE], text[256];
    check(memchr(packet_flags_text(packet->flags, flags), '\0', sizeof flags) != NULL);
    check(memchr(packet_icmp_text(packet, icmp), '\0', sizeof icmp) != NULL);

    struct frame frame;
    memset(&frame, 0, sizeof frame);
    frame.packet = *packet;
    frame.seq = packet->seq;
    frame.window = packet->window;
    frame.length = size < FRAME_SIZE ? size : FRAME_SIZE;
    if (size > 0)
        memcpy(frame.bytes, data, frame.length);
    check(frame_text(&frame, text, sizeof text) == text);
    size_t whole = strlen(text);
    check(whole > 0 && whole < sizeof text - 1); /* and there was room for more */
    size_t room = 1 + size % sizeof text;
    char *small = malloc(room); /* too small, as a rule */
    check(small != NULL);
    frame_text(&frame, small, room);
    check(strlen(small) == (whole < room ? whole : room - 1) && strncmp(small, text, room - 1) == 0);
    free(small);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet packet, again;
    memset(&packet, 0x55, sizeof packet); /* nothing of this may stay */
    memset(&again, 0xaa, sizeof again);
    decode_alone(data, size, &packet);
    decode_alone(data, size, &again);
    check(same_packet(&packet, &again));
    check_packet(&packet, size);
    check_texts(data, size, &packet);
    return 0;
}

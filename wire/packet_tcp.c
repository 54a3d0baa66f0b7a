/* packet_tcp.c: the header of TCP (RFC 9293, section 3.1) and its options (section 3.2; RFC 7323; RFC 2018). */
#include "packet_parts.h"

#include <stdio.h>

enum { TCP_HEADER = 20, LARGEST_SCALE = 14 };

enum {
    OPTION_END = 0,
    OPTION_NOTHING = 1,
    OPTION_MSS = 2,
    OPTION_WINDOW_SCALE = 3,
    OPTION_SACK_PERMITTED = 4,
    OPTION_SACK = 5,
    OPTION_TIMESTAMPS = 8
};

/* The blocks that have arrived behind a gap (RFC 2018, section 3). */
static void read_sack(struct part option, struct packet *packet)
{
    for (size_t at = 2; at + 8 <= part_size(option) && packet->sack_count < SACK_BLOCKS; at += 8) {
        uint32_t *block = packet->sack[packet->sack_count++];
        block[0] = part_32(option, at);
        block[1] = part_32(option, at + 4);
    }
}

/* One option with its kind, its length and its value. Unknown ones are passed over (RFC 9293, section 3.2, MUST-6). */
static const char *read_option(struct part option, struct packet *packet)
{
    static const char wrong_length[] = "a TCP option does not have the length of its kind";
    size_t size = part_size(option);
    switch (part_byte(option, 0)) {
    case OPTION_MSS:
        if (size != 4)
            return wrong_length;
        packet->mss = part_16(option, 2);
        break;
    case OPTION_WINDOW_SCALE: /* more than 14 is to be taken for 14 (RFC 7323, section 2.3) */
        if (size != 3)
            return wrong_length;
        packet->window_scale = (int8_t)(part_byte(option, 2) < LARGEST_SCALE ? part_byte(option, 2) : LARGEST_SCALE);
        break;
    case OPTION_SACK_PERMITTED:
        if (size != 2)
            return wrong_length;
        packet->sack_permitted = true;
        break;
    case OPTION_SACK:
        if (size < 10 || (size - 2) % 8 != 0)
            return wrong_length;
        read_sack(option, packet);
        break;
    case OPTION_TIMESTAMPS: /* RFC 7323, section 3.2 */
        if (size != 10)
            return wrong_length;
        packet->has_timestamps = true;
        packet->timestamp = part_32(option, 2);
        packet->timestamp_echo = part_32(option, 6);
        break;
    default: break;
    }
    return NULL;
}

/* Two kinds are a single byte; all others tell in their second byte how many bytes they have, with these two. */
static const char *read_options(struct part options, struct packet *packet)
{
    while (part_size(options) > 0 && part_byte(options, 0) != OPTION_END) {
        size_t size = 1;
        if (part_byte(options, 0) != OPTION_NOTHING) {
            size = part_byte(options, 1);
            if (part_size(options) < 2 || size > part_size(options))
                return "a TCP option is longer than the TCP header";
            if (size < 2)
                return "a TCP option is shorter than its kind and its length";
            const char *wrong = read_option(part_first(options, size), packet);
            if (wrong != NULL)
                return wrong;
        }
        options = part_after(options, size);
    }
    return NULL;
}

const char *packet_read_tcp(struct part part, struct packet *packet)
{
    if (part_size(part) < TCP_HEADER)
        return "the packet ends within the TCP header";
    size_t header = 4 * (size_t)(part_byte(part, 12) >> 4); /* the data offset, in words of four bytes */

    packet->kind = PACKET_TCP;
    packet->from.port = part_16(part, 0);
    packet->to.port = part_16(part, 2);
    packet->seq = part_32(part, 4);
    packet->ack = part_32(part, 8);
    packet->flags = part_byte(part, 13);
    packet->window = part_16(part, 14);
    if (header < TCP_HEADER)
        return "the TCP header is shorter than 20 bytes";
    if (header > part_size(part))
        return "the TCP header is longer than the packet";
    struct part data = part_after(part, header);
    packet->payload_at = data.begin;
    packet->length = (uint32_t)part_size(data); /* no IP packet has more than 65535 bytes */
    return read_options(part_after(part_first(part, header), TCP_HEADER), packet);
}

const char *packet_flags_text(uint8_t flags, char text[FLAGS_TEXT_SIZE])
{
    /* From the lowest bit up. The last two are those of ECN (RFC 3168, section 6.1). */
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    size_t used = 0;
    snprintf(text, FLAGS_TEXT_SIZE, "none");
    for (size_t bit = 0; bit < sizeof names / sizeof names[0]; bit++)
        if (flags >> bit & 1)
            used += (size_t)snprintf(text + used, FLAGS_TEXT_SIZE - used, used > 0 ? "+%s" : "%s", names[bit]);
    return text;
}

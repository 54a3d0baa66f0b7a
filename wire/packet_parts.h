/* packet_parts.h: what the files packet*.c share: a part of a frame, and a function for each protocol.
 *
 * These functions return NULL, or what is wrong, as a sentence for packet.malformed. In both cases they have filled in
 * what they could read.
 */
#ifndef WIRE_PACKET_PARTS_H
#define WIRE_PACKET_PARTS_H

#include "packet.h"

/* A part of a frame: from frame[begin] up to frame[end], which does not belong to it any more. All bytes are read
 * through the functions below, and those never look beyond the end. */
struct part {
    const uint8_t *frame;
    size_t begin, end;
};

static inline size_t part_size(struct part part)
{
    return part.end - part.begin;
}

/* The byte at that place of the part; 0 beyond its end. */
static inline uint8_t part_byte(struct part part, size_t at)
{
    return at < part_size(part) ? part.frame[part.begin + at] : 0;
}

/* Two and four bytes as a number: in the network, the highest byte comes first. */
static inline uint16_t part_16(struct part part, size_t at)
{
    return (uint16_t)(part_byte(part, at) << 8 | part_byte(part, at + 1));
}

static inline uint32_t part_32(struct part part, size_t at)
{
    return (uint32_t)part_16(part, at) << 16 | part_16(part, at + 2);
}

static inline void part_copy(struct part part, size_t at, uint8_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = part_byte(part, at + i);
}

/* The part without its first bytes; empty if it has no more than those. */
static inline struct part part_after(struct part part, size_t count)
{
    part.begin = count < part_size(part) ? part.begin + count : part.end;
    return part;
}

/* The first bytes of the part alone; the whole of it if it has no more. */
static inline struct part part_first(struct part part, size_t count)
{
    if (count < part_size(part))
        part.end = part.begin + count;
    return part;
}

/* What an IP header says. */
struct ip {
    int family; /* 0 until the fixed part of the header has been read */
    struct endpoint from, to;
    uint8_t protocol, ttl;
    bool fragment;       /* not the beginning of a packet */
    bool more_fragments; /* not the end of one */
    bool cut_off;        /* the packet is longer than what is there of it */
    struct part carried; /* what stands behind the header, and behind the extension headers of IPv6 */
};

/* `family` is what the packet is said to be. Sets the whole of *ip. */
const char *packet_read_ip(struct part part, int family, struct ip *ip);

const char *packet_read_tcp(struct part part, struct packet *packet);
const char *packet_read_icmp(struct part part, struct packet *packet);

#endif

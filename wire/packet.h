/* packet.h: what stands in a frame: Ethernet, ARP, IPv4, IPv6, ICMP, TCP, UDP.
 *
 * The bytes come from a network: nothing in them is believed before it is checked, and nothing is read beyond their
 * end.
 */
#ifndef WIRE_PACKET_H
#define WIRE_PACKET_H

#include "common/socket_table.h" /* struct endpoint */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_kind { PACKET_OTHER, PACKET_ARP, PACKET_TCP, PACKET_UDP, PACKET_ICMP };

/* The control bits of a segment (RFC 9293, section 3.1). */
enum {
    FLAG_FIN = 1,
    FLAG_SYN = 2,
    FLAG_RST = 4,
    FLAG_PSH = 8,
    FLAG_ACK = 16,
    FLAG_URG = 32,
    FLAG_ECE = 64,
    FLAG_CWR = 128
};

enum { SACK_BLOCKS = 4 }; /* more do not fit into the options (RFC 2018) */

struct packet {
    enum packet_kind kind;
    int family;               /* AF_INET or AF_INET6; 0 for ARP and what is no IP */
    struct endpoint from, to; /* ports are 0 where there are none */
    uint16_t ethertype;
    uint8_t protocol; /* of IP: 6, 17, 1, 58 ... */
    uint8_t ttl;      /* hop limit in IPv6 */
    bool fragment;    /* a part of a packet, not its beginning: what follows IP is not looked at */

    size_t payload_at; /* where the data of TCP or UDP begin in the frame */
    uint32_t length;   /* how many there are */

    /* TCP */
    uint32_t seq, ack; /* as they stand in the segment */
    uint8_t flags;
    uint16_t window;
    uint16_t mss;        /* 0 = no such option */
    int8_t window_scale; /* shift count, -1 = no such option */
    bool sack_permitted;
    uint8_t sack_count;
    uint32_t sack[SACK_BLOCKS][2]; /* left edge, right edge */
    bool has_timestamps;
    uint32_t timestamp, timestamp_echo;

    /* ICMP */
    uint8_t icmp_type, icmp_code;
    bool has_quoted; /* an error: the packet that it is about */
    uint8_t quoted_protocol;
    struct endpoint quoted_from, quoted_to;

    /* ARP, for IPv4 over Ethernet: from asks for the hardware address of to (1), or tells its own (2) */
    uint16_t arp_operation;

    const char *malformed; /* NULL, or what is wrong; what was read before that point is filled in */
};

/* Takes the frame apart. *packet is filled in whole, whatever the bytes are. */
void packet_decode(const uint8_t *frame, size_t length, struct packet *packet);

/* The names of the flags: "SYN", "SYN+ACK", "FIN+PSH+ACK"; "none" for none. Returns text. */
enum { FLAGS_TEXT_SIZE = 32 };
const char *packet_flags_text(uint8_t flags, char text[FLAGS_TEXT_SIZE]);

/* "destination unreachable: port unreachable" for an ICMP packet of that family, type and code; at least numbers. */
enum { ICMP_TEXT_SIZE = 80 };
const char *packet_icmp_text(const struct packet *packet, char text[ICMP_TEXT_SIZE]);

#endif

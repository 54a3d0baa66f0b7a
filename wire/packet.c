/* packet.c: a frame from the outside in: Ethernet, then ARP or IP, then what IP carries.
 *
 * See also packet_ip.c, packet_tcp.c and packet_icmp.c. Checksums are not looked at: the kernel of the receiving host
 * does that, and between two hosts on one machine it may leave them to be filled in later.
 */
#include "packet.h"

#include "packet_parts.h"

#include <netinet/in.h>
#include <string.h>

enum { ETHERNET_HEADER = 14, ARP_SIZE = 28, UDP_HEADER = 8 };
enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806, ETHERTYPE_IPV6 = 0x86dd };

/* Who has this address, or: I have it (RFC 826, "Packet format"). `from` is the sender, `to` the one that is looked
 * for, or that gets the answer. ARP for other networks than IPv4 over Ethernet stays PACKET_OTHER. */
static const char *read_arp(struct part part, struct packet *packet)
{
    if (part_size(part) < ARP_SIZE)
        return "the frame ends within the ARP packet";
    bool for_ethernet = part_16(part, 0) == 1 && part_byte(part, 4) == 6;
    bool for_ipv4 = part_16(part, 2) == ETHERTYPE_IPV4 && part_byte(part, 5) == 4;
    if (!for_ethernet || !for_ipv4)
        return NULL;
    packet->kind = PACKET_ARP;
    packet->arp_operation = part_16(part, 6);
    part_copy(part, 14, packet->from.address, 4);
    part_copy(part, 24, packet->to.address, 4);
    return NULL;
}

/* RFC 768. The length counts the header too. What stands behind it in the IP packet is not data of UDP. */
static const char *read_udp(const struct ip *ip, struct packet *packet)
{
    struct part part = ip->carried;
    if (part_size(part) < UDP_HEADER)
        return "the packet ends within the UDP header";
    size_t length = part_16(part, 4);
    packet->kind = PACKET_UDP;
    packet->from.port = part_16(part, 0);
    packet->to.port = part_16(part, 2);
    if (length < UDP_HEADER)
        return "the UDP length is shorter than the UDP header";
    struct part data = part_after(part_first(part, length), UDP_HEADER);
    packet->payload_at = data.begin;
    packet->length = (uint32_t)part_size(data);
    if (length > part_size(part) && !ip->more_fragments) /* the rest of a fragmented one comes in other packets */
        return "the UDP datagram is longer than the packet";
    return NULL;
}

static const char *read_carried(const struct ip *ip, struct packet *packet)
{
    if (ip->fragment)
        return NULL;
    if (ip->protocol == IPPROTO_TCP)
        return packet_read_tcp(ip->carried, packet);
    if (ip->protocol == IPPROTO_UDP)
        return read_udp(ip, packet);
    if (ip->protocol == (ip->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
        return packet_read_icmp(ip->carried, packet);
    return NULL;
}

/* If the frame ends too early, its part of the packet is read, and that is the fault, whatever else it leads to. */
static const char *read_ip(struct part part, int family, struct packet *packet)
{
    struct ip ip;
    const char *wrong = packet_read_ip(part, family, &ip);
    packet->family = ip.family;
    packet->from = ip.from;
    packet->to = ip.to;
    packet->protocol = ip.protocol;
    packet->ttl = ip.ttl;
    packet->fragment = ip.fragment;
    if (wrong == NULL)
        wrong = read_carried(&ip, packet);
    return ip.cut_off ? "the frame ends before the IP packet does" : wrong;
}

/* IEEE 802.3: two hardware addresses, then what follows. Behind the packet may be padding: a frame has a least size. */
static const char *read_ethernet(struct part part, struct packet *packet)
{
    if (part_size(part) < ETHERNET_HEADER)
        return "the frame ends within the Ethernet header";
    packet->ethertype = part_16(part, 12);
    struct part inside = part_after(part, ETHERNET_HEADER);
    switch (packet->ethertype) {
    case ETHERTYPE_ARP: return read_arp(inside, packet);
    case ETHERTYPE_IPV4: return read_ip(inside, AF_INET, packet);
    case ETHERTYPE_IPV6: return read_ip(inside, AF_INET6, packet);
    default: return NULL;
    }
}

void packet_decode(const uint8_t *frame, size_t length, struct packet *packet)
{
    struct part whole = {.frame = frame, .begin = 0, .end = length};
    memset(packet, 0, sizeof *packet);
    packet->window_scale = -1;
    packet->malformed = read_ethernet(whole, packet);
}

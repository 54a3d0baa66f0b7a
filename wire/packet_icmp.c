/* packet_icmp.c: ICMP (RFC 792; RFC 1812, section 5.2.7.1) and ICMPv6 (RFC 4443; RFC 4861): messages of IP itself. */
#include "packet_parts.h"

#include <netinet/in.h>
#include <stdio.h>

enum { ICMP_HEADER = 8 }; /* type, code, checksum, and four bytes that each type uses for its own */

/* What a type, or with it a code, means. */
struct meaning {
    uint8_t type;
    int code; /* or ANY: the type itself */
    const char *text;
};

enum { ANY = -1 };

static const struct meaning icmp_meanings[] = {
    {0, ANY, "echo reply"},
    {3, ANY, "destination unreachable"},
    {3, 0, "net unreachable"},
    {3, 1, "host unreachable"},
    {3, 2, "protocol unreachable"},
    {3, 3, "port unreachable"},
    {3, 4, "fragmentation needed"},
    {3, 5, "source route failed"},
    {3, 6, "net unknown"},
    {3, 7, "host unknown"},
    {3, 9, "net prohibited"},
    {3, 10, "host prohibited"},
    {3, 13, "prohibited by a filter"},
    {4, ANY, "source quench"},
    {5, ANY, "redirect"},
    {5, 0, "for the net"},
    {5, 1, "for the host"},
    {8, ANY, "echo request"},
    {9, ANY, "router advertisement"},
    {10, ANY, "router solicitation"},
    {11, ANY, "time exceeded"},
    {11, 0, "in transit"},
    {11, 1, "in reassembly"},
    {12, ANY, "parameter problem"},
    {12, 0, "see the pointer"},
    {12, 1, "an option is missing"},
    {12, 2, "bad length"},
    {13, ANY, "timestamp request"},
    {14, ANY, "timestamp reply"},
    {0, ANY, NULL},
};

static const struct meaning icmpv6_meanings[] = {
    {1, ANY, "destination unreachable"},
    {1, 0, "no route"},
    {1, 1, "prohibited"},
    {1, 2, "beyond the source's scope"},
    {1, 3, "address unreachable"},
    {1, 4, "port unreachable"},
    {1, 5, "source address refused"},
    {1, 6, "route refused"},
    {2, ANY, "packet too big"},
    {3, ANY, "time exceeded"},
    {3, 0, "in transit"},
    {3, 1, "in reassembly"},
    {4, ANY, "parameter problem"},
    {4, 0, "wrong header field"},
    {4, 1, "unknown next header"},
    {4, 2, "unknown option"},
    {128, ANY, "echo request"},
    {129, ANY, "echo reply"},
    {130, ANY, "multicast listener query"},
    {131, ANY, "multicast listener report"},
    {132, ANY, "multicast listener done"},
    {133, ANY, "router solicitation"},
    {134, ANY, "router advertisement"},
    {135, ANY, "neighbor solicitation"},
    {136, ANY, "neighbor advertisement"},
    {137, ANY, "redirect"},
    {143, ANY, "multicast listener report"},
    {0, ANY, NULL},
};

/* NULL if there is no such meaning. */
static const char *find_meaning(const struct meaning *meaning, uint8_t type, int code)
{
    while (meaning->text != NULL && (meaning->type != type || meaning->code != code))
        meaning++;
    return meaning->text;
}

const char *packet_icmp_text(const struct packet *packet, char text[ICMP_TEXT_SIZE])
{
    bool is_v6 = packet->family == AF_INET6;
    const struct meaning *meanings = is_v6 ? icmpv6_meanings : icmp_meanings;
    const char *type = find_meaning(meanings, packet->icmp_type, ANY);
    const char *code = find_meaning(meanings, packet->icmp_type, packet->icmp_code);
    if (type == NULL)
        snprintf(text, ICMP_TEXT_SIZE, "%s type %d code %d", is_v6 ? "ICMPv6" : "ICMP", packet->icmp_type,
                 packet->icmp_code);
    else if (code != NULL)
        snprintf(text, ICMP_TEXT_SIZE, "%s: %s", type, code);
    else if (packet->icmp_code != 0)
        snprintf(text, ICMP_TEXT_SIZE, "%s: code %d", type, packet->icmp_code);
    else
        snprintf(text, ICMP_TEXT_SIZE, "%s", type);
    return text;
}

/* Which types quote a packet: RFC 792 and RFC 1122, section 3.2.2; RFC 4443, section 2.1. */
static bool is_error(int family, uint8_t type)
{
    if (family == AF_INET6)
        return type >= 1 && type <= 4;
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* The beginning of the packet that the error is about. Its end is missing as a rule: RFC 792 asks for the IP header and
 * 8 bytes more, RFC 4443 for as much as fits. */
static const char *read_quoted(struct part part, struct packet *packet)
{
    struct ip quoted;
    const char *wrong = packet_read_ip(part, packet->family, &quoted);
    if (quoted.family == 0)
        return "the packet in the ICMP error has no whole IP header";
    packet->has_quoted = true;
    packet->quoted_protocol = quoted.protocol;
    packet->quoted_from = quoted.from;
    packet->quoted_to = quoted.to;
    if (wrong != NULL)
        return "the packet in the ICMP error is malformed";
    bool has_ports = quoted.protocol == IPPROTO_TCP || quoted.protocol == IPPROTO_UDP;
    if (!has_ports || quoted.fragment)
        return NULL;
    if (part_size(quoted.carried) < 4)
        return "the packet in the ICMP error ends before its ports";
    packet->quoted_from.port = part_16(quoted.carried, 0);
    packet->quoted_to.port = part_16(quoted.carried, 2);
    return NULL;
}

const char *packet_read_icmp(struct part part, struct packet *packet)
{
    if (part_size(part) < ICMP_HEADER)
        return "the packet ends within the ICMP header";
    packet->kind = PACKET_ICMP;
    packet->icmp_type = part_byte(part, 0);
    packet->icmp_code = part_byte(part, 1);
    if (!is_error(packet->family, packet->icmp_type))
        return NULL;
    return read_quoted(part_after(part, ICMP_HEADER), packet);
}

/* packet_ip.c: the headers of IPv4 (RFC 791, section 3.1) and IPv6 (RFC 8200, sections 3 and 4). */
#include "packet_parts.h"

#include <netinet/in.h>
#include <string.h>

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, EXTENSION_UNIT = 8 };

/* The header is counted in words of four bytes; behind its first 20 bytes are options, which nobody here needs. */
static const char *read_ipv4(struct part part, struct ip *ip)
{
    if (part_size(part) < IPV4_HEADER)
        return "the frame ends within the IPv4 header";
    if (part_byte(part, 0) >> 4 != 4)
        return "the version in the IPv4 header is not 4";
    size_t header = 4 * (size_t)(part_byte(part, 0) & 0xf);
    size_t total = part_16(part, 2);
    unsigned flags_and_offset = part_16(part, 6);

    ip->family = AF_INET;
    ip->fragment = (flags_and_offset & 0x1fff) != 0;
    ip->more_fragments = (flags_and_offset & 0x2000) != 0;
    ip->ttl = part_byte(part, 8);
    ip->protocol = part_byte(part, 9);
    part_copy(part, 12, ip->from.address, 4);
    part_copy(part, 16, ip->to.address, 4);
    if (header < IPV4_HEADER)
        return "the IPv4 header is shorter than 20 bytes";
    if (header > total)
        return "the IPv4 header is longer than the packet";
    ip->cut_off = total > part_size(part);
    ip->carried = part_after(part_first(part, total), header);
    return part_size(part) < header ? "the frame ends within the IPv4 header" : NULL;
}

static bool is_extension(uint8_t protocol)
{
    return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING || protocol == IPPROTO_DSTOPTS ||
           protocol == IPPROTO_FRAGMENT;
}

/* Goes on from header to header. Each has 8 bytes at least, so this comes to an end; and behind the fragment header of
 * a later fragment are no headers. */
static const char *skip_extensions(struct ip *ip)
{
    for (int count = 0; is_extension(ip->protocol) && !ip->fragment; count++) {
        struct part part = ip->carried;
        if (ip->protocol == IPPROTO_HOPOPTS && count > 0) /* RFC 8200, section 4.1 */
            return "the IPv6 hop-by-hop options are not the first header";
        if (part_size(part) < EXTENSION_UNIT)
            return "the packet ends within an IPv6 extension header";
        size_t size = EXTENSION_UNIT;
        if (ip->protocol == IPPROTO_FRAGMENT) { /* section 4.5 */
            ip->fragment = (part_16(part, 2) & 0xfff8) != 0;
            ip->more_fragments = (part_16(part, 2) & 1) != 0;
        } else { /* the length is counted in units, without the first one */
            size += (size_t)EXTENSION_UNIT * part_byte(part, 1);
        }
        if (size > part_size(part))
            return "an IPv6 extension header is longer than the packet";
        ip->protocol = part_byte(part, 0);
        ip->carried = part_after(part, size);
    }
    return NULL;
}

/* The length in the header is that of what follows it. Packets of more than 65535 bytes (RFC 2675) are not known here:
 * they say that it is 0. */
static const char *read_ipv6(struct part part, struct ip *ip)
{
    if (part_size(part) < IPV6_HEADER)
        return "the frame ends within the IPv6 header";
    if (part_byte(part, 0) >> 4 != 6)
        return "the version in the IPv6 header is not 6";
    size_t length = part_16(part, 4);

    ip->family = AF_INET6;
    ip->protocol = part_byte(part, 6);
    ip->ttl = part_byte(part, 7);
    part_copy(part, 8, ip->from.address, 16);
    part_copy(part, 24, ip->to.address, 16);
    struct part rest = part_after(part, IPV6_HEADER);
    ip->cut_off = length > part_size(rest);
    ip->carried = part_first(rest, length);
    return skip_extensions(ip);
}

const char *packet_read_ip(struct part part, int family, struct ip *ip)
{
    memset(ip, 0, sizeof *ip);
    return family == AF_INET ? read_ipv4(part, ip) : read_ipv6(part, ip);
}

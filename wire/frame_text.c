/* frame_text.c: a frame in a few words, as all views say it, and the other names that views share. */
#include "event.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ARP_FRAME = 42, SENDER_HARDWARE = 22 }; /* where the sender's hardware address stands in the frame: RFC 826 */

const char *host_name(enum host_id host)
{
    return host == CLIENT ? "client" : "server";
}

const char *event_state_name(enum tcp_state state)
{
    return state == STATE_NONE ? "-" : state_name(state);
}

/* Adds to the text what fits into it. */
__attribute__((format(printf, 3, 4))) static void add(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list values;
    va_start(values, format);
    vsnprintf(text + used, size - used, format, values);
    va_end(values);
}

/* "sack 101-201 301-401": what has arrived behind a gap, counted as the acknowledgement number is: so far from it as in
 * the segment. */
static void add_sack(const struct frame *frame, char *text, size_t size)
{
    const struct packet *packet = &frame->packet;
    uint32_t zero = packet->ack - frame->ack; /* the number that is 0 in our count */
    if (packet->sack_count > 0)
        add(text, size, " sack");
    for (int i = 0; i < packet->sack_count; i++)
        add(text, size, " %" PRIu32 "-%" PRIu32, packet->sack[i][0] - zero, packet->sack[i][1] - zero);
}

/* "SYN seq 0 win 64240 mss 1460 ws 7", "PSH+ACK seq 1 ack 1 len 5 win 64256": what says nothing is left out. */
static void add_tcp(const struct frame *frame, char *text, size_t size)
{
    const struct packet *packet = &frame->packet;
    char flags[FLAGS_TEXT_SIZE];
    add(text, size, "%s seq %" PRIu32, packet_flags_text(packet->flags, flags), frame->seq);
    if (packet->flags & FLAG_ACK)
        add(text, size, " ack %" PRIu32, frame->ack);
    if (packet->length > 0)
        add(text, size, " len %" PRIu32, packet->length);
    add(text, size, " win %" PRIu32, frame->window);
    if (packet->flags & FLAG_SYN && packet->mss > 0)
        add(text, size, " mss %d", packet->mss);
    if (packet->flags & FLAG_SYN && packet->window_scale >= 0)
        add(text, size, " ws %d", packet->window_scale);
    if (packet->flags & FLAG_ACK)
        add_sack(frame, text, size);
}

/* Requests are asked of all hosts, replies are told to one (RFC 826). */
static void add_arp(const struct frame *frame, char *text, size_t size)
{
    const struct packet *packet = &frame->packet;
    char address[INET_ADDRSTRLEN];
    if (packet->arp_operation == 1) {
        add(text, size, "who has %s?", inet_ntop(AF_INET, packet->to.address, address, sizeof address));
    } else if (packet->arp_operation == 2 && frame->length >= ARP_FRAME) {
        const uint8_t *hardware = frame->bytes + SENDER_HARDWARE;
        add(text, size, "%s is at %02x:%02x:%02x:%02x:%02x:%02x",
            inet_ntop(AF_INET, packet->from.address, address, sizeof address), hardware[0], hardware[1], hardware[2],
            hardware[3], hardware[4], hardware[5]);
    } else {
        add(text, size, "ARP operation %d", packet->arp_operation);
    }
}

static void add_other(const struct frame *frame, char *text, size_t size)
{
    const struct packet *packet = &frame->packet;
    const char *version = packet->family == AF_INET6 ? "IPv6" : "IPv4";
    if (packet->family == 0)
        add(text, size, "ethertype 0x%04x", packet->ethertype);
    else
        add(text, size, "%s%s protocol %d", version, packet->fragment ? " fragment" : "", packet->protocol);
    add(text, size, ", %zu bytes", frame->length);
}

const char *frame_text(const struct frame *frame, char *text, size_t size)
{
    const struct packet *packet = &frame->packet;
    char icmp[ICMP_TEXT_SIZE];
    if (size == 0)
        return text;
    text[0] = '\0';
    if (packet->malformed != NULL) {
        add(text, size, "malformed: %s", packet->malformed);
        return text;
    }
    switch (packet->kind) {
    case PACKET_TCP: add_tcp(frame, text, size); break;
    case PACKET_UDP:
        add(text, size, "UDP %d > %d len %" PRIu32, packet->from.port, packet->to.port, packet->length);
        break;
    case PACKET_ICMP: add(text, size, "%s", packet_icmp_text(packet, icmp)); break;
    case PACKET_ARP: add_arp(frame, text, size); break;
    case PACKET_OTHER: add_other(frame, text, size); break;
    }
    return text;
}

const char *repeat_text(const struct frame *frame, char text[REPEAT_TEXT_SIZE])
{
    long long tenths = (frame->pause_us + 50000) / 100000;
    if (frame->packet.flags & FLAG_SYN)
        snprintf(text, REPEAT_TEXT_SIZE, "%d again after %lld.%lld s", frame->repeat_of, tenths / 10, tenths % 10);
    else
        snprintf(text, REPEAT_TEXT_SIZE, "%d again", frame->repeat_of);
    return text;
}

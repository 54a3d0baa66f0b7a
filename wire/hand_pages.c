/* hand_pages.c: what is shown in the ladder's place for a moment: help, netstat, and everything about one packet. */
#include "hand.h"

#include "common/await.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { NETSTAT_MS = 5000, DATA_SHOWN = 48 };

/* ---- help */

static const char *const help[][2] = {
    {"Enter, space", "deliver the packet: the other host's kernel gets it"},
    {"x, d", "drop it: it never arrives, and its sender is not told"},
    {"2", "deliver it, and keep a copy on the wire: a duplicate"},
    {"l", "later: put it behind the others that are on the wire (reordering)"},
    {"Up, Down; k, j", "choose another packet on the wire"},
    {"g", "go on: deliver one after the other until a state has changed or a program has ended"},
    {"a", "automatic: each packet goes on by itself after a moment; again: off"},
    {"c, s", "netstat -ant on the client, on the server"},
    {"i", "everything about the chosen packet: header, options, numbers"},
    {"PgUp, PgDn", "look back in the ladder"},
    {"q", "quit; Ctrl-C too"},
};

void page_help(struct lines *lines, int columns, bool quiz)
{
    char text[200];
    lines_add(lines, "Each packet waits here until you decide about it.");
    lines_add(lines, "");
    for (size_t i = 0; i < sizeof help / sizeof help[0]; i++) {
        snprintf(text, sizeof text, "%-16s%s", help[i][0], help[i][1]);
        lines_add_wrapped(lines, text, columns, 16);
    }
    lines_add(lines, "");
    lines_add_wrapped(
        lines,
        "Beside each packet stand the states of both ends after it, as their kernels show them (the names "
        "are netstat's). While you think, the kernels repeat nothing but a SYN and a SYN+ACK; repeats of a "
        "packet that is on the wire are folded into it.",
        columns, 0);
    if (quiz)
        lines_add_wrapped(
            lines,
            "The quiz asks before a delivery: type the number of your answer, or a state's name and Enter; "
            "Enter alone means that you don't know.",
            columns, 0);
    lines_add(lines, "From another terminal: wire sh client, wire netstat server.");
}

/* ---- netstat */

static void add_line(void *context, struct command *command, const char *line)
{
    (void)command;
    lines_add(context, line);
}

/* Not a command of the wire's (wire_run): nobody is to wait for its end, and the ladder does not tell of it. */
void page_netstat(struct lines *lines, const struct wire *wire, enum host_id host)
{
    struct command command;
    int status;
    long long end = now_us() + NETSTAT_MS * 1000LL;
    lines_addf(lines, "netstat -ant on the %s:", host_name(host));
    lines_add(lines, "");
    if (command_start(&command, &wire->hosts, host, "netstat -ant", false) == -1) {
        lines_addf(lines, "can't be started: %s", strerror(errno));
        return;
    }
    while (command.output != -1 && now_us() < end && await(command.output, POLLIN, 100) != -1)
        command_read(&command, false, add_line, lines);
    if (command.output != -1) { /* it hangs, or we are to stop */
        kill(-command.pid, SIGKILL);
        command_read(&command, true, add_line, lines);
    }
    while (waitpid(command.pid, &status, 0) == -1 && errno == EINTR)
        ;
}

/* ---- a packet */

static void add_numbers(struct lines *lines, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    uint32_t length = packet->length + ((packet->flags & FLAG_SYN) != 0) + ((packet->flags & FLAG_FIN) != 0);
    lines_addf(lines, "sequence     %" PRIu32 "   (in the header %" PRIu32 "); the next one is %" PRIu32, frame->seq,
               packet->seq, frame->seq + length);
    if (packet->flags & FLAG_ACK)
        lines_addf(lines, "acknowledges %" PRIu32 "   (in the header %" PRIu32 "): all before it has arrived",
                   frame->ack, packet->ack);
    lines_addf(lines, "window       %" PRIu32 " bytes   (in the header %d)", frame->window, packet->window);
}

static void add_options(struct lines *lines, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    bool any = packet->mss || packet->window_scale >= 0 || packet->sack_permitted || packet->sack_count ||
               packet->has_timestamps;
    if (packet->mss)
        lines_addf(lines, "option       maximum segment size %d bytes", packet->mss);
    if (packet->window_scale >= 0)
        lines_addf(lines, "option       window scale %d: its windows count in units of %ld bytes", packet->window_scale,
                   1L << (packet->window_scale & 31));
    if (packet->sack_permitted)
        lines_add(lines, "option       selective acknowledgements permitted");
    for (int i = 0; i < packet->sack_count && i < SACK_BLOCKS; i++)
        lines_addf(lines, "option       has arrived behind a gap: %" PRIu32 " to %" PRIu32,
                   packet->sack[i][0] - packet->ack + frame->ack, packet->sack[i][1] - packet->ack + frame->ack);
    if (packet->has_timestamps)
        lines_addf(lines, "option       timestamps: value %" PRIu32 ", echo %" PRIu32, packet->timestamp,
                   packet->timestamp_echo);
    if (!any)
        lines_add(lines, "options      none");
}

static void add_data(struct lines *lines, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    char shown[DATA_SHOWN + 1];
    size_t count = 0;
    for (; count < packet->length && count < DATA_SHOWN && packet->payload_at + count < frame->length; count++) {
        uint8_t byte = frame->bytes[packet->payload_at + count];
        shown[count] = byte >= ' ' && byte < 0x7f ? (char)byte : '.';
    }
    shown[count] = '\0';
    if (packet->length > 0)
        lines_addf(lines, "data         %" PRIu32 " bytes: \"%s\"%s", packet->length, shown,
                   count < packet->length ? " ..." : "");
    else
        lines_add(lines, "data         none");
}

/* "10.0.0.1 port 40000" */
static const char *end_text(const struct frame *frame, const struct endpoint *end, char *text, size_t size)
{
    char address[INET6_ADDRSTRLEN] = "?";
    if (frame->packet.family != 0)
        inet_ntop(frame->packet.family, end->address, address, sizeof address);
    if (frame->packet.kind == PACKET_TCP || frame->packet.kind == PACKET_UDP)
        snprintf(text, size, "%s port %u", address, (unsigned)end->port);
    else
        snprintf(text, size, "%s", address);
    return text;
}

static void add_header(struct lines *lines, const struct frame *frame, int columns)
{
    const struct packet *packet = &frame->packet;
    char text[400], from[80], to[80], what[240];
    snprintf(text, sizeof text, "Packet %d, from the %s to the %s, sent %.6f s after the beginning: %s", frame->number,
             host_name(frame->from), host_name(other_host(frame->from)), (double)frame->time_us / 1e6,
             frame_text(frame, what, sizeof what));
    lines_add_wrapped(lines, text, columns, 0);
    lines_add(lines, "");
    lines_addf(lines, "Ethernet     %zu bytes in all, type 0x%04x", frame->length, packet->ethertype);
    if (packet->family != 0)
        lines_addf(lines, "IPv%c         protocol %d, %s %d", packet->family == AF_INET6 ? '6' : '4', packet->protocol,
                   packet->family == AF_INET6 ? "hop limit" : "TTL", packet->ttl);
    lines_addf(lines, "from         %s", end_text(frame, &packet->from, from, sizeof from));
    lines_addf(lines, "to           %s", end_text(frame, &packet->to, to, sizeof to));
}

void page_details(struct lines *lines, struct wire *wire, const struct frame *frame, int columns)
{
    const struct packet *packet = &frame->packet;
    struct state_pair now = states_of(&wire->states, connection_numbered(&wire->connections, frame->connection));
    char flags[FLAGS_TEXT_SIZE];
    add_header(lines, frame, columns);
    if (packet->malformed)
        lines_addf(lines, "malformed    %s", packet->malformed);
    if (packet->kind == PACKET_TCP) {
        lines_addf(lines, "TCP flags    %s", packet_flags_text(packet->flags, flags));
        add_numbers(lines, frame);
        add_options(lines, frame);
    }
    if (packet->kind == PACKET_TCP || packet->kind == PACKET_UDP) {
        add_data(lines, frame);
        lines_addf(lines, "connection   number %d on this wire", frame->connection);
    }
    if (packet->kind == PACKET_TCP) {
        lines_addf(lines, "when sent    client %s, server %s", event_state_name(frame->states.of[CLIENT]),
                   event_state_name(frame->states.of[SERVER]));
        lines_addf(lines, "now          client %s, server %s", event_state_name(now.of[CLIENT]),
                   event_state_name(now.of[SERVER]));
    }
    if (frame->repeat_of > 0)
        lines_addf(lines, "It says the same as packet %d: a retransmission.", frame->repeat_of);
    if (frame->copies > 0)
        lines_addf(lines, "It was sent %d times; the repeats are folded into it.", frame->copies + 1);
    if (frame->deliveries > 0)
        lines_addf(lines, "It was delivered already (%d): this is a copy.", frame->deliveries);
}

/* views_story.h: a story for the views that write files, told event by event: a connection from its first SYN to the
 * last ACK, with a packet that is lost, one that comes late and one that comes twice. Included by views_test.c alone.
 */
#ifndef TESTS_VIEWS_STORY_H
#define TESTS_VIEWS_STORY_H

#include "wire/view_json.h"
#include "wire/view_pcapng.h"
#include "wire/view_svg.h"

#include <stdio.h>
#include <string.h>

/* ---- the views, the time, and the last number of a packet */

enum { PATH_SIZE = 300, HELD = 64 };

struct story {
    struct json_view json;
    struct pcapng_view pcapng, both;
    struct svg_view svg;
    long long time_us;
    int frames;
    struct frame held[HELD]; /* by number */
    struct state_pair states;
    int connection, repeat_of; /* of the next segment */
};

static void tell(struct story *story, struct event event)
{
    story->time_us += 1500;
    event.time_us = story->time_us;
    if (!event.text)
        event.text = "";
    view_json(&story->json, &event);
    view_pcapng(&story->pcapng, &event);
    view_pcapng(&story->both, &event);
    view_svg(&story->svg, &event);
}

static void say(struct story *story, enum event_kind kind, enum host_id host, const char *text)
{
    tell(story, (struct event){.kind = kind, .host = host, .number = 1, .text = text});
}

/* A socket has changed by itself. */
static void become(struct story *story, enum host_id host, enum tcp_state state, int connection)
{
    struct event event = {.kind = EVENT_STATE, .host = host, .connection = connection, .from = story->states.of[host]};
    event.local = (struct endpoint){{10, 0, 0, host == CLIENT ? 1 : 2}, host == CLIENT ? 40000 : 7000};
    if (state != STATE_LISTEN)
        event.remote = (struct endpoint){{10, 0, 0, host == CLIENT ? 2 : 1}, host == CLIENT ? 7000 : 40000};
    story->states.of[host] = state;
    event.states = story->states;
    tell(story, event);
}

/* ---- frames */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* RFC 1071; `sum` is what was counted before. */
static unsigned checksum(const uint8_t *bytes, size_t length, uint32_t sum)
{
    for (size_t i = 0; i < length; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* Ethernet and IPv4 round a TCP segment that already stands at its place. */
static void wrap(struct frame *frame, size_t length)
{
    uint8_t *ip = frame->bytes + 14, *tcp = ip + 20;
    memcpy(frame->bytes, "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0", 14);
    memcpy(ip, "\x45\0\0\0\0\0\x40\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2", 20);
    if (frame->from == SERVER) {
        frame->bytes[5] = 1, frame->bytes[11] = 2;
        ip[15] = 2, ip[19] = 1;
    }
    put16(ip + 2, 20 + (unsigned)length);
    put16(ip + 4, 0x100u + (unsigned)frame->number);
    put16(ip + 10, checksum(ip, 20, 0));
    uint32_t pseudo = 0x0a00 * 2 + 1 + 2 + 6 + (uint32_t)length;
    put16(tcp + 16, checksum(tcp, length, pseudo));
    frame->length = 34 + length;
    packet_decode(frame->bytes, frame->length, &frame->packet);
}

/* A segment comes to the wire. Returns its number. */
static int segment(struct story *story, enum host_id from, uint8_t flags, uint32_t seq, uint32_t ack, const char *data)
{
    static const uint32_t initial[HOSTS] = {0xfffffff0, 5000};
    struct frame *frame = &story->held[++story->frames % HELD];
    uint8_t *tcp = frame->bytes + 34;
    size_t header = flags & FLAG_SYN ? 24 : 20;
    unsigned client_port = 39999 + (unsigned)story->connection;
    *frame = (struct frame){.number = story->frames, .from = from, .connection = story->connection};
    put16(tcp, from == CLIENT ? client_port : 7000);
    put16(tcp + 2, from == CLIENT ? 7000 : client_port);
    put32(tcp + 4, initial[from] + seq);
    put32(tcp + 8, flags & FLAG_ACK ? initial[other_host(from)] + ack : 0);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = flags;
    put16(tcp + 14, 64240);
    if (flags & FLAG_SYN)
        memcpy(tcp + 20, "\2\4\5\xb4", 4);
    memcpy(tcp + header, data, strlen(data));
    wrap(frame, header + strlen(data));
    frame->seq = seq, frame->ack = ack, frame->window = 64240;
    frame->repeat_of = story->repeat_of;
    frame->time_us = story->time_us + 1500;
    tell(story, (struct event){.kind = EVENT_CAME,
                               .host = from,
                               .frame = frame,
                               .connection = frame->connection,
                               .states = story->states});
    return frame->number;
}

static void fate(struct story *story, enum event_kind kind, int number, struct state_pair now, const char *text)
{
    struct frame *frame = &story->held[number % HELD];
    frame->deliveries += kind == EVENT_DELIVERED;
    frame->copies += kind == EVENT_AGAIN;
    tell(story, (struct event){.kind = kind,
                               .host = kind == EVENT_DELIVERED ? other_host(frame->from) : frame->from,
                               .frame = frame,
                               .connection = frame->connection,
                               .before = story->states,
                               .states = now,
                               .duplicate = kind == EVENT_DELIVERED && frame->deliveries > 1,
                               .text = text});
    if (kind == EVENT_DELIVERED)
        story->states = now;
}

static void deliver(struct story *story, int number, enum tcp_state client, enum tcp_state server)
{
    fate(story, EVENT_DELIVERED, number, (struct state_pair){{client, server}}, "");
}

/* ---- the story */

static const char hostile[] = "<script>alert(\"1\")</script> & \x1b[31mred\x1b[0m \xff\xfe \xed\xa0\x80 \xe2\x80\xae"
                              "txet ]]> \xe4\xb8\x96\xe7\x95\x8c e\xcc\x81\xcc\x81\xcc\x81";

static void handshake(struct story *story)
{
    say(story, EVENT_BEGIN, CLIENT, "Lost, late and twice: what TCP makes of it");
    say(story, EVENT_RUN, SERVER, "tcp_server -b 10.0.0.2 7000");
    become(story, SERVER, STATE_LISTEN, 0);
    say(story, EVENT_OUTPUT, SERVER, "listening on 10.0.0.2:7000");
    say(story, EVENT_RUN, CLIENT, "tcp_client 10.0.0.2 7000 'one two three'");
    become(story, CLIENT, STATE_SYN_SENT, 1);
    int syn = segment(story, CLIENT, FLAG_SYN, 0, 0, "");
    deliver(story, syn, STATE_SYN_SENT, STATE_SYN_RECV);
    int syn_ack = segment(story, SERVER, FLAG_SYN | FLAG_ACK, 0, 1, "");
    fate(story, EVENT_AGAIN, syn_ack, story->states, "");
    deliver(story, syn_ack, STATE_ESTABLISHED, STATE_SYN_RECV);
    int ack = segment(story, CLIENT, FLAG_ACK, 1, 1, "");
    deliver(story, ack, STATE_ESTABLISHED, STATE_ESTABLISHED);
    say(story, EVENT_OUTPUT, SERVER, "accept(3) = 4: a connection from 10.0.0.1:40000 ESTABLISHED");
}

/* Three segments: the first is lost and repeated, the third overtakes the second, which then arrives twice. */
static void data(struct story *story)
{
    const enum tcp_state open = STATE_ESTABLISHED;
    say(story, EVENT_NOTE, CLIENT, "Three segments are sent. Which of them does the server acknowledge, and when?");
    int one = segment(story, CLIENT, FLAG_PSH | FLAG_ACK, 1, 1, "one ");
    int two = segment(story, CLIENT, FLAG_PSH | FLAG_ACK, 5, 1, "two ");
    int three = segment(story, CLIENT, FLAG_PSH | FLAG_ACK, 9, 1, "three");
    fate(story, EVENT_DROPPED, one, story->states, "lost by the network");
    deliver(story, three, open, open);
    int ack_1 = segment(story, SERVER, FLAG_ACK, 1, 1, "");
    deliver(story, two, open, open);
    story->repeat_of = one;
    int repeat = segment(story, CLIENT, FLAG_PSH | FLAG_ACK, 1, 1, "one ");
    story->repeat_of = 0;
    deliver(story, two, open, open);
    deliver(story, ack_1, open, open);
    deliver(story, repeat, open, open);
    int ack_14 = segment(story, SERVER, FLAG_ACK, 1, 14, "");
    say(story, EVENT_OUTPUT, SERVER, "read(4) = 13");
    say(story, EVENT_OUTPUT, SERVER, hostile);
    deliver(story, ack_14, open, open);
}

static void the_end(struct story *story)
{
    become(story, CLIENT, STATE_FIN_WAIT1, 1);
    int fin = segment(story, CLIENT, FLAG_FIN | FLAG_ACK, 14, 1, "");
    deliver(story, fin, STATE_FIN_WAIT1, STATE_CLOSE_WAIT);
    int ack = segment(story, SERVER, FLAG_ACK, 1, 15, "");
    deliver(story, ack, STATE_FIN_WAIT2, STATE_CLOSE_WAIT);
    become(story, SERVER, STATE_LAST_ACK, 1);
    fin = segment(story, SERVER, FLAG_FIN | FLAG_ACK, 1, 15, "");
    deliver(story, fin, STATE_TIME_WAIT, STATE_LAST_ACK);
    ack = segment(story, CLIENT, FLAG_ACK, 15, 2, "");
    deliver(story, ack, STATE_TIME_WAIT, STATE_LISTEN);
    become(story, SERVER, STATE_CLOSED, 1);
    say(story, EVENT_EXIT, CLIENT, "exit status 0");
}

/* Another connection, which stays on the wire, or is lost without a reason. */
static void another(struct story *story)
{
    story->connection = 2;
    story->states = (struct state_pair){{STATE_SYN_SENT, STATE_LISTEN}};
    say(story, EVENT_RUN, CLIENT, "tcp_client 10.0.0.2 7000 and a message of some length");
    fate(story, EVENT_DROPPED, segment(story, CLIENT, FLAG_SYN, 0, 0, ""), story->states, "");
    segment(story, CLIENT, FLAG_SYN, 0, 0, "");
}

static const char *path_of(const char *folder, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

static bool begin(struct story *story, const char *folder)
{
    char path[PATH_SIZE];
    memset(story, 0, sizeof *story);
    story->states = (struct state_pair){{STATE_CLOSED, STATE_CLOSED}};
    story->connection = 1;
    return view_json_open(&story->json, path_of(folder, "story.json", path)) == 0 &&
           view_pcapng_open(&story->pcapng, path_of(folder, "story.pcapng", path), 1700000000000000, false) == 0 &&
           view_pcapng_open(&story->both, path_of(folder, "both.pcapng", path), 1700000000000000, true) == 0 &&
           view_svg_open(&story->svg, path_of(folder, "story.svg", path)) == 0;
}

static bool end(struct story *story)
{
    bool good = view_json_close(&story->json) == 0;
    good = view_pcapng_close(&story->pcapng) == 0 && good;
    good = view_pcapng_close(&story->both) == 0 && good;
    return view_svg_close(&story->svg) == 0 && good;
}

#endif

/* view_json.c: each event as one line of JSON. The line is put together in memory and written in one piece. */
#include "view_json.h"

#include "common/await.h"
#include "common/json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SUMMARY_SIZE = 160 };

static void put_string(FILE *line, const char *key, const char *text)
{
    size_t size = 6 * strlen(text) + 16; /* the longest that can come out (json.h) */
    char *json = malloc(size);
    if (json)
        fprintf(line, ",\"%s\":%s", key, json_string(text, json, size));
    free(json);
}

/* Seconds with six decimals, whatever the locale's decimal point is. */
static void put_time(FILE *line, const char *key, long long time_us)
{
    fprintf(line, ",\"%s\":%lld.%06lld", key, time_us / 1000000, time_us % 1000000);
}

/* An address and, where there is one, a port: "source":"10.0.0.1","source_port":40000. */
static void put_endpoint(FILE *line, const char *key, int family, const struct endpoint *endpoint)
{
    char address[INET6_ADDRSTRLEN] = "?";
    inet_ntop(family, endpoint->address, address, sizeof address);
    fprintf(line, ",\"%s\":\"%s\"", key, address);
    if (endpoint->port > 0)
        fprintf(line, ",\"%s_port\":%u", key, (unsigned)endpoint->port);
}

static void put_states(FILE *line, const char *key, const struct state_pair *states)
{
    const char *separator = "";
    if (states->of[CLIENT] == STATE_NONE && states->of[SERVER] == STATE_NONE)
        return;
    fprintf(line, ",\"%s\":{", key);
    for (enum host_id host = CLIENT; host < HOSTS; host++) {
        if (states->of[host] == STATE_NONE)
            continue;
        fprintf(line, "%s\"%s\":\"%s\"", separator, host_name(host), event_state_name(states->of[host]));
        separator = ",";
    }
    fputc('}', line);
}

static void put_flags(FILE *line, uint8_t flags)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"}; /* by bit (packet.h) */
    const char *separator = "";
    fputs(",\"flags\":[", line);
    for (size_t bit = 0; bit < sizeof names / sizeof names[0]; bit++) {
        if (!(flags & 1u << bit))
            continue;
        fprintf(line, "%s\"%s\"", separator, names[bit]);
        separator = ",";
    }
    fputc(']', line);
}

/* Blocks that have arrived (RFC 2018), counted as "ack" is. */
static void put_sack(FILE *line, const char *separator, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    uint32_t beginning = packet->ack - frame->ack; /* the initial sequence number; differences are modulo 2^32 */
    fprintf(line, "%s\"sack\":[", separator);
    for (int i = 0; i < packet->sack_count && i < SACK_BLOCKS; i++)
        fprintf(line, "%s[%u,%u]", i > 0 ? "," : "", (unsigned)(packet->sack[i][0] - beginning),
                (unsigned)(packet->sack[i][1] - beginning));
    fputc(']', line);
}

static void put_options(FILE *line, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    const char *separator = "";
    if (packet->mss == 0 && packet->window_scale < 0 && !packet->sack_permitted && packet->sack_count == 0 &&
        !packet->has_timestamps)
        return;
    fputs(",\"options\":{", line);
    if (packet->mss > 0) {
        fprintf(line, "\"mss\":%u", (unsigned)packet->mss);
        separator = ",";
    }
    if (packet->window_scale >= 0) {
        fprintf(line, "%s\"window_scale\":%d", separator, packet->window_scale);
        separator = ",";
    }
    if (packet->sack_permitted) {
        fprintf(line, "%s\"sack_permitted\":true", separator);
        separator = ",";
    }
    if (packet->sack_count > 0) {
        put_sack(line, separator, frame);
        separator = ",";
    }
    if (packet->has_timestamps)
        fprintf(line, "%s\"timestamps\":{\"value\":%u,\"echo\":%u}", separator, (unsigned)packet->timestamp,
                (unsigned)packet->timestamp_echo);
    fputc('}', line);
}

static void put_tcp(FILE *line, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    put_flags(line, packet->flags);
    fprintf(line, ",\"seq\":%u,\"seq_raw\":%u", (unsigned)frame->seq, (unsigned)packet->seq);
    if (packet->flags & FLAG_ACK) /* else the field means nothing */
        fprintf(line, ",\"ack\":%u,\"ack_raw\":%u", (unsigned)frame->ack, (unsigned)packet->ack);
    fprintf(line, ",\"len\":%u,\"win\":%u", (unsigned)packet->length, (unsigned)frame->window);
    put_options(line, frame);
}

static void put_icmp(FILE *line, const struct packet *packet)
{
    char meaning[ICMP_TEXT_SIZE];
    fprintf(line, ",\"icmp_type\":%d,\"icmp_code\":%d", packet->icmp_type, packet->icmp_code);
    put_string(line, "meaning", packet_icmp_text(packet, meaning));
    if (!packet->has_quoted)
        return;
    fprintf(line, ",\"quoted\":{\"ip_protocol\":%d", packet->quoted_protocol);
    put_endpoint(line, "source", packet->family, &packet->quoted_from);
    put_endpoint(line, "destination", packet->family, &packet->quoted_to);
    fputc('}', line);
}

static void put_packet(FILE *line, const struct frame *frame)
{
    static const char *const names[] = {[PACKET_OTHER] = "other",
                                        [PACKET_ARP] = "arp",
                                        [PACKET_TCP] = "tcp",
                                        [PACKET_UDP] = "udp",
                                        [PACKET_ICMP] = "icmp"};
    const struct packet *packet = &frame->packet;
    int family = packet->kind == PACKET_ARP ? AF_INET : packet->family;
    fprintf(line, ",\"protocol\":\"%s\"", names[packet->kind]);
    if (family != 0) {
        put_endpoint(line, "source", family, &packet->from);
        put_endpoint(line, "destination", family, &packet->to);
    }
    if (packet->family != 0)
        fprintf(line, ",\"ttl\":%d", packet->ttl);
    if (packet->fragment)
        fputs(",\"fragment\":true", line);
    if (packet->kind == PACKET_TCP)
        put_tcp(line, frame);
    else if (packet->kind == PACKET_UDP)
        fprintf(line, ",\"len\":%u", (unsigned)packet->length);
    else if (packet->kind == PACKET_ICMP)
        put_icmp(line, packet);
    else if (packet->kind == PACKET_ARP)
        fprintf(line, ",\"arp_operation\":%u", (unsigned)packet->arp_operation);
    else if (packet->family != 0)
        fprintf(line, ",\"ip_protocol\":%d", packet->protocol);
    else
        fprintf(line, ",\"ethertype\":%u", (unsigned)packet->ethertype);
    if (packet->malformed)
        put_string(line, "malformed", packet->malformed);
}

/* What all events of a frame say alike. */
static void put_frame(FILE *line, const struct frame *frame)
{
    char summary[SUMMARY_SIZE];
    fprintf(line, ",\"packet\":%d,\"from\":\"%s\",\"to\":\"%s\"", frame->number, host_name(frame->from),
            host_name(other_host(frame->from)));
    if (frame->connection > 0)
        fprintf(line, ",\"connection\":%d", frame->connection);
    put_packet(line, frame);
    put_string(line, "summary", frame_text(frame, summary, sizeof summary));
    if (frame->repeat_of > 0)
        fprintf(line, ",\"repeat_of\":%d", frame->repeat_of);
}

static void put_frame_event(FILE *line, const struct event *event)
{
    const struct frame *frame = event->frame;
    put_frame(line, frame);
    if (event->kind != EVENT_CAME)
        put_time(line, "sent", frame->time_us);
    if (event->kind == EVENT_AGAIN)
        fprintf(line, ",\"copies\":%d", frame->copies);
    if (event->kind == EVENT_DROPPED && event->text[0])
        put_string(line, "reason", event->text);
    if (event->kind == EVENT_DELIVERED) {
        fprintf(line, ",\"deliveries\":%d,\"duplicate\":%s", frame->deliveries, event->duplicate ? "true" : "false");
        put_states(line, "before", &event->before);
    }
    if (event->kind == EVENT_CAME || event->kind == EVENT_DELIVERED)
        put_states(line, "states", &event->states);
}

/* An endpoint has no family of its own: IPv4 uses four bytes of the sixteen. (An IPv6 address that ends in 96 zero bits
 * is not to be had on the wire.) */
static int family_of(const struct endpoint *endpoint)
{
    static const uint8_t zero[12];
    return memcmp(endpoint->address + 4, zero, sizeof zero) == 0 ? AF_INET : AF_INET6;
}

static void put_state(FILE *line, const struct event *event)
{
    int family = family_of(&event->local);
    fprintf(line, ",\"host\":\"%s\"", host_name(event->host));
    if (event->connection > 0)
        fprintf(line, ",\"connection\":%d", event->connection);
    put_endpoint(line, "local", family, &event->local);
    if (event->remote.port > 0)
        put_endpoint(line, "remote", family, &event->remote);
    fprintf(line, ",\"old\":\"%s\",\"new\":\"%s\"", event_state_name(event->from),
            event_state_name(event->states.of[event->host]));
}

static void put_answer(FILE *line, const struct event *event)
{
    const struct prediction *said = event->prediction;
    fprintf(line, ",\"question\":%d,\"packet\":%d,\"from\":\"%s\",\"to\":\"%s\",\"connection\":%d", said->question,
            said->packet, host_name(said->from), host_name(other_host(said->from)), event->connection);
    put_string(line, "summary", said->summary);
    put_states(line, "before", &event->before);
    fprintf(line, ",\"host\":\"%s\"", host_name(event->host));
    if (said->answer != STATE_NONE)
        fprintf(line, ",\"answer\":\"%s\"", event_state_name(said->answer));
    fprintf(line, ",\"truth\":\"%s\",\"right\":%s", event_state_name(said->truth), said->right ? "true" : "false");
    put_time(line, "seconds", said->took_us);
}

static void put_program(FILE *line, const struct event *event, const char *key)
{
    fprintf(line, ",\"host\":\"%s\",\"number\":%d", host_name(event->host), event->number);
    put_string(line, key, event->text);
}

static void put_event(FILE *line, const struct event *event)
{
    static const char *const names[] = {
        [EVENT_BEGIN] = "begin",     [EVENT_RUN] = "run",       [EVENT_OUTPUT] = "output",
        [EVENT_EXIT] = "exit",       [EVENT_CAME] = "came",     [EVENT_AGAIN] = "again",
        [EVENT_STATE] = "state",     [EVENT_NOTE] = "note",     [EVENT_DELIVERED] = "delivered",
        [EVENT_DROPPED] = "dropped", [EVENT_ANSWER] = "answer", [EVENT_FAILED] = "failed",
        [EVENT_END] = "end"};
    fprintf(line, "{\"event\":\"%s\"", names[event->kind]);
    put_time(line, "time", event->time_us);
    switch (event->kind) {
    case EVENT_BEGIN: put_string(line, "title", event->text); break;
    case EVENT_RUN: put_program(line, event, "command"); break;
    case EVENT_OUTPUT:
    case EVENT_EXIT: put_program(line, event, "text"); break;
    case EVENT_CAME:
    case EVENT_AGAIN:
    case EVENT_DELIVERED:
    case EVENT_DROPPED: put_frame_event(line, event); break;
    case EVENT_STATE: put_state(line, event); break;
    case EVENT_ANSWER: put_answer(line, event); break;
    case EVENT_NOTE:
    case EVENT_FAILED: put_string(line, "text", event->text); break;
    case EVENT_END: break;
    }
    fputs("}\n", line);
}

int view_json_open(struct json_view *view, const char *path)
{
    *view = (struct json_view){.fd = STDOUT_FILENO};
    if (strcmp(path, "-") != 0)
        view->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return view->fd == -1 ? -1 : 0;
}

void view_json(void *context, const struct event *event)
{
    struct json_view *view = context;
    char *text = NULL;
    size_t length = 0;
    if (view->failed)
        return;
    FILE *line = open_memstream(&text, &length);
    if (line)
        put_event(line, event);
    if (!line || fclose(line) != 0 || await_write_all(view->fd, text, length) == -1) {
        view->failed = true;
        view->error = errno;
    }
    free(text);
}

int view_json_close(struct json_view *view)
{
    if (view->fd != STDOUT_FILENO && close(view->fd) == -1 && !view->failed) {
        view->failed = true;
        view->error = errno;
    }
    errno = view->error;
    return view->failed ? -1 : 0;
}

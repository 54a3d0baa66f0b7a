/* view_pcapng.c: each event as a block of a capture file. */
#include "view_pcapng.h"

#include "common/await.h"
#include "view_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Section 4 and appendix of the draft; all numbers are in this machine's byte order, which the header's magic shows. */
enum block_type { INTERFACE = 1, ENHANCED_PACKET = 6, JOURNAL = 9, SECTION = 0x0a0d0d0a };
enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d, VERSION_MAJOR = 1, VERSION_MINOR = 0, LINKTYPE_ETHERNET = 1, ANY_LENGTH = 0 };
enum { END_OF_OPTIONS = 0, COMMENT = 1 };
enum { SHB_USERAPPL = 4, IF_NAME = 2, IF_TSRESOL = 9, EPB_FLAGS = 2, EPB_PACKETID = 5 };
enum { MICROSECONDS = 6, INBOUND = 1, OUTBOUND = 2 };

enum { TEXT_SIZE = 600, TEXT_COLUMNS = 500, BLOCK_SIZE = FRAME_SIZE + TEXT_SIZE + 400 };

/* A block while it is put together. It has room for the longest that can come. */
struct block {
    uint8_t bytes[BLOCK_SIZE];
    size_t length;
};

static void put(struct block *block, const void *bytes, size_t length)
{
    if (length > sizeof block->bytes - block->length)
        length = sizeof block->bytes - block->length; /* never: the sizes above say so */
    memcpy(block->bytes + block->length, bytes, length);
    block->length += length;
}

static void put16(struct block *block, uint16_t value)
{
    put(block, &value, sizeof value);
}

static void put32(struct block *block, uint32_t value)
{
    put(block, &value, sizeof value);
}

/* Everything in a block begins at a multiple of four bytes. */
static void put_padded(struct block *block, const void *bytes, size_t length)
{
    static const uint8_t zero[4];
    put(block, bytes, length);
    put(block, zero, (4 - length % 4) % 4);
}

static void put_option(struct block *block, uint16_t code, const void *bytes, size_t length)
{
    put16(block, code);
    put16(block, (uint16_t)length);
    put_padded(block, bytes, length);
}

/* A block begins and ends with its length, so that readers can go in both directions. */
static void begin_block(struct block *block, enum block_type type)
{
    block->length = 0;
    put32(block, type);
    put32(block, 0); /* known in write_block */
}

/* All at once: what is killed afterwards leaves a whole block behind. */
static void write_block(struct pcapng_view *view, struct block *block)
{
    uint32_t total = (uint32_t)(block->length + sizeof total);
    memcpy(block->bytes + sizeof(uint32_t), &total, sizeof total);
    put32(block, total);
    if (!view->failed && await_write_all(view->fd, (const char *)block->bytes, block->length) == -1) {
        view->failed = true;
        view->error = errno;
    }
}

static void write_section_header(struct pcapng_view *view)
{
    static const char application[] = "netstep wire";
    static const int64_t unknown_length = -1; /* of the section: until the end of the file */
    struct block block;
    begin_block(&block, SECTION);
    put32(&block, BYTE_ORDER_MAGIC);
    put16(&block, VERSION_MAJOR);
    put16(&block, VERSION_MINOR);
    put(&block, &unknown_length, sizeof unknown_length);
    put_option(&block, SHB_USERAPPL, application, strlen(application));
    put32(&block, END_OF_OPTIONS);
    write_block(view, &block);
}

/* The interfaces are numbered by their order in the file: CLIENT and SERVER. */
static void write_interface(struct pcapng_view *view, enum host_id host)
{
    const uint8_t resolution = MICROSECONDS;
    struct block block;
    begin_block(&block, INTERFACE);
    put16(&block, LINKTYPE_ETHERNET);
    put16(&block, 0);
    put32(&block, ANY_LENGTH);
    put_option(&block, IF_NAME, host_name(host), strlen(host_name(host)));
    put_option(&block, IF_TSRESOL, &resolution, sizeof resolution);
    put32(&block, END_OF_OPTIONS);
    write_block(view, &block);
}

/* The event's frame on the interface of one host, with a comment. */
static void write_packet(struct pcapng_view *view, const struct event *event, enum host_id at, const char *comment)
{
    const struct frame *frame = event->frame;
    uint32_t captured = frame->length < FRAME_SIZE ? (uint32_t)frame->length : FRAME_SIZE;
    uint64_t time = (uint64_t)(view->began_us + event->time_us), id = (uint64_t)frame->number;
    uint32_t flags = at == frame->from ? OUTBOUND : INBOUND;
    struct block block;
    begin_block(&block, ENHANCED_PACKET);
    put32(&block, at);
    put32(&block, (uint32_t)(time >> 32));
    put32(&block, (uint32_t)time);
    put32(&block, captured);
    put32(&block, (uint32_t)frame->length);
    put_padded(&block, frame->bytes, captured);
    put_option(&block, COMMENT, comment, strlen(comment));
    put_option(&block, EPB_FLAGS, &flags, sizeof flags);
    put_option(&block, EPB_PACKETID, &id, sizeof id);
    put32(&block, END_OF_OPTIONS);
    write_block(view, &block);
}

/* A line of the log, in the Journal Export Format: a field a line, an empty line at the end. */
static void write_log(struct pcapng_view *view, const struct event *event, const char *who, const char *message)
{
    char entry[TEXT_SIZE + 200];
    int length = snprintf(entry, sizeof entry,
                          "__REALTIME_TIMESTAMP=%lld\n_HOSTNAME=%s\nSYSLOG_IDENTIFIER=wire\nPRIORITY=6\nMESSAGE=%s\n\n",
                          view->began_us + event->time_us, who, message);
    struct block block;
    begin_block(&block, JOURNAL);
    put_padded(&block, entry, (size_t)length);
    write_block(view, &block);
}

/* "; server: LISTEN -> SYN_RECV" for each end that has changed, behind what is in `text`. */
static void append_changes(char *text, size_t size, const struct event *event)
{
    for (enum host_id host = CLIENT; host < HOSTS; host++) {
        enum tcp_state before = event->before.of[host], now = event->states.of[host];
        size_t used = strlen(text);
        if (before != now)
            snprintf(text + used, size - used, "; %s: %s -> %s", host_name(host), event_state_name(before),
                     event_state_name(now));
    }
}

static void write_came(struct pcapng_view *view, const struct event *event)
{
    const struct frame *frame = event->frame;
    char text[TEXT_SIZE];
    int used = snprintf(text, sizeof text, "packet %d, from the %s", frame->number, host_name(frame->from));
    if (event->states.of[CLIENT] != STATE_NONE || event->states.of[SERVER] != STATE_NONE)
        snprintf(text + used, sizeof text - (size_t)used, "; client: %s; server: %s",
                 event_state_name(event->states.of[CLIENT]), event_state_name(event->states.of[SERVER]));
    write_packet(view, event, frame->from, text);
}

static void write_delivered(struct pcapng_view *view, const struct event *event)
{
    const struct frame *frame = event->frame;
    enum host_id receiver = other_host(frame->from);
    char text[TEXT_SIZE];
    snprintf(text, sizeof text, "packet %d delivered to the %s%s", frame->number, host_name(receiver),
             frame->deliveries > 1 ? " once more" : "");
    append_changes(text, sizeof text, event);
    if (view->both_sides)
        write_packet(view, event, receiver, text);
    else
        write_log(view, event, "wire", text);
}

/* What programs and scripts say: "output: ..." of a host, cut where it is very long. */
static void write_said(struct pcapng_view *view, const struct event *event, const char *who, const char *what)
{
    char said[TEXT_COLUMNS], text[TEXT_SIZE];
    text_on_one_line(event->text, TEXT_COLUMNS, said, sizeof said);
    snprintf(text, sizeof text, "%s%s%s", what, *what && *said ? ": " : "", said);
    write_log(view, event, who, text);
}

static void write_dropped_or_again(struct pcapng_view *view, const struct event *event)
{
    const struct frame *frame = event->frame;
    char text[TEXT_SIZE / 6];
    if (event->kind == EVENT_DROPPED)
        snprintf(text, sizeof text, "packet %d, from the %s, dropped", frame->number, host_name(frame->from));
    else
        snprintf(text, sizeof text, "packet %d sent again by the %s while it is held (copy %d)", frame->number,
                 host_name(frame->from), frame->copies);
    write_said(view, event, "wire", text);
}

/* A change that a packet has made was told with that packet. */
static bool was_told(const struct pcapng_view *view, const struct event *event)
{
    return event->connection > 0 && event->connection == view->told_connection &&
           event->states.of[event->host] == view->told.of[event->host];
}

static void write_state(struct pcapng_view *view, const struct event *event)
{
    char text[TEXT_SIZE];
    if (was_told(view, event))
        return;
    snprintf(text, sizeof text, "%s: %s -> %s", host_name(event->host), event_state_name(event->from),
             event_state_name(event->states.of[event->host]));
    write_log(view, event, host_name(event->host), text);
}

int view_pcapng_open(struct pcapng_view *view, const char *path, long long began_us, bool both_sides)
{
    *view = (struct pcapng_view){.fd = STDOUT_FILENO, .began_us = began_us, .both_sides = both_sides};
    if (strcmp(path, "-") != 0)
        view->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (view->fd == -1)
        return -1;
    write_section_header(view);
    write_interface(view, CLIENT);
    write_interface(view, SERVER);
    return view->failed ? view_pcapng_close(view) : 0;
}

void view_pcapng(void *context, const struct event *event)
{
    struct pcapng_view *view = context;
    switch (event->kind) {
    case EVENT_CAME: write_came(view, event); break;
    case EVENT_DELIVERED: write_delivered(view, event); break;
    case EVENT_AGAIN:
    case EVENT_DROPPED: write_dropped_or_again(view, event); break;
    case EVENT_STATE: write_state(view, event); break;
    case EVENT_RUN: write_said(view, event, host_name(event->host), "run"); break;
    case EVENT_OUTPUT: write_said(view, event, host_name(event->host), "output"); break;
    case EVENT_EXIT: write_said(view, event, host_name(event->host), "ended"); break;
    case EVENT_NOTE: write_said(view, event, "wire", "note"); break;
    case EVENT_FAILED: write_said(view, event, "wire", "failed"); break;
    case EVENT_BEGIN: write_said(view, event, "wire", "wire"); break;
    case EVENT_ANSWER:
    case EVENT_END: break;
    }
    if (event->kind == EVENT_CAME || event->kind == EVENT_DELIVERED) {
        view->told_connection = event->connection;
        view->told = event->states;
    }
}

int view_pcapng_close(struct pcapng_view *view)
{
    if (view->fd != STDOUT_FILENO && close(view->fd) == -1 && !view->failed) {
        view->failed = true;
        view->error = errno;
    }
    errno = view->error;
    return view->failed ? -1 : 0;
}

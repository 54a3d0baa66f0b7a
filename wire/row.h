/* row.h: the rows of the ladder, in the form of the figures of RFC 9293: a row is a packet, with the state of each end
 * after it.
 *
 *      1  SYN_SENT     ─── SYN seq 0 win 64240 mss 1460 ───────────────▶  SYN_RECV
 *      2  ESTABLISHED  ◀── SYN+ACK seq 0 ack 1 win 65160 mss 1460 ──────  SYN_RECV
 */
#ifndef WIRE_ROW_H
#define WIRE_ROW_H

#include "event.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ROW_COLUMNS = 80,      /* the narrowest */
    ROW_COLUMNS_MAX = 120, /* the widest: a longer line is harder to follow */
    ROW_SIZE = 2048        /* bytes: UTF-8, and room for what makes bold, or for three rows */
};

enum packet_fate { FATE_HELD, FATE_DELIVERED, FATE_DROPPED };

struct row_style {
    int columns; /* ROW_COLUMNS to ROW_COLUMNS_MAX */
    bool ascii;  /* - > < x instead of lines and arrows */
    bool colour; /* what has changed is bold */
};

/* The style for standard output: how wide its terminal is, and whether its characters and colours can be had. */
struct row_style row_style_of_output(void);

/* The row of a packet. `changed` tells which end's state is marked; `remark` ("repeat of 3") stands behind what the
 * packet says, "" for none. Returns text. */
const char *row_packet(const struct row_style *style, const struct frame *frame, enum packet_fate fate,
                       const struct state_pair *states, const bool changed[HOSTS], const char *remark,
                       char text[ROW_SIZE]);

/* A row without a packet: both states, and between them what happened. */
const char *row_states(const struct row_style *style, const struct state_pair *states, const bool changed[HOSTS],
                       const char *what, char text[ROW_SIZE]);

/* What a program on a host has printed, or what became of it: on that host's side. Returns text: perhaps several lines,
 * three at most; what is too long for those ends in "…". */
const char *row_output(const struct row_style *style, enum host_id host, const char *line, char text[ROW_SIZE]);

/* A remark, from the left. Returns text: perhaps several lines, broken between words. */
const char *row_note(const struct row_style *style, const char *note, char text[ROW_SIZE]);

#endif

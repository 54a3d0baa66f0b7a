/* row_text.h: a row of the kernel's socket list as text: exactly as netstat -antW prints it, or as JSON. */
#ifndef TCPSTATE_ROW_TEXT_H
#define TCPSTATE_ROW_TEXT_H

#include "common/socket_table.h"

#include <stddef.h>

/* Room for any row in either form, with timer and owner. */
enum { ROW_TEXT_SIZE = 512, ENDPOINT_TEXT_SIZE = 64 };

/* Writes "127.0.0.1:7000", ":::7000" or "0.0.0.0:*" as netstat does; returns its length. */
size_t endpoint_text(int family, const struct endpoint *end, char text[ENDPOINT_TEXT_SIZE]);

/* Writes the row as netstat -antW prints it, without a newline; returns its length.
 *     tcp        0      0 127.0.0.1:7000          0.0.0.0:*               LISTEN      */
size_t row_text(const struct socket_row *row, char text[ROW_TEXT_SIZE]);

/* Writes the row's timer as netstat -o prints it: "timewait (59.93/0/0)" (seconds left/repeats/probes); returns its
 * length. */
size_t timer_text(const struct socket_row *row, char text[ROW_TEXT_SIZE]);

/* Writes the row as one JSON object without a newline; returns its length. `owner` is "PID/program" or NULL. */
size_t row_json(const struct socket_row *row, const char *owner, char text[ROW_TEXT_SIZE]);

/* The line above netstat's rows. */
extern const char row_heading[];

#endif

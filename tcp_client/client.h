/* client.h: the parts of tcp_client. */
#ifndef TCP_CLIENT_CLIENT_H
#define TCP_CLIENT_CLIENT_H

#include "common/narrate.h"
#include "options.h"

#include <netdb.h>
#include <stdbool.h>

enum { BUFFER_SIZE = 64 * 1024 };

/* connect.c: tries the servers of the list in turn. Returns a connected socket, or -1: a stop signal came, or the
 * reason has been reported. */
int connect_to_server(const struct addrinfo *servers, const struct client_options *options, struct narrator *narrator);

/* first_number.c: lets the connection of this fresh socket begin with sequence number `number`, which is not 0; before
 * bind. Returns 0, or -1 with errno, EPERM without CAP_NET_ADMIN. */
int set_first_number(int fd, uint32_t number, struct narrator *narrator);

/* exchange.c: sends MESSAGE or standard input, half-closes, and prints what comes back until the server's end of file,
 * reading and writing as each becomes possible. Returns whether all of that was done; if not, the reason has been
 * reported or a stop signal came. */
bool exchange(int connection, const struct client_options *options, struct narrator *narrator);

/* source.c: sends --source bytes and reads nothing before the last is sent; then as exchange(), but what comes back
 * is only counted. */
bool send_source(int connection, const struct client_options *options, struct narrator *narrator);

/* finish.c: the end of a connection, for both. */

/* Waits --hold seconds, then sends our FIN. Returns whether it was sent. */
bool half_close(int connection, struct narrator *narrator);

/* Waits until `connection` is ready for `events`. Returns them, or 0 when nothing may come any more: the time is over
 * (reported) or a stop signal came. */
short wait_for_server(int connection, short events, const struct client_options *options);

/* Closes the socket: with a FIN if none was sent yet, or with --reset with RST. */
void close_connection(int connection, const struct client_options *options, struct narrator *narrator);

/* Reports that `operation` on the connection failed with errno. */
void report_lost(const char *operation, const struct client_options *options);

#endif

/* udp_echo.h: the parts of udp_echo. */
#ifndef UDP_ECHO_UDP_ECHO_H
#define UDP_ECHO_UDP_ECHO_H

#include "common/narrate.h"
#include "options.h"

#include <netdb.h>

/* server.c: receives on the first address of the list `where` and answers, until --max or a stop signal.
 * Returns the exit status. */
int serve(const struct addrinfo *where, const struct echo_options *options, struct narrator *narrator);

/* client.c: sends MESSAGE and prints the answer, or lets measure() do its work. Returns the exit status. */
int ask(const struct addrinfo *servers, const struct echo_options *options, struct narrator *narrator);

/* How the talk with one of the server's addresses ended. */
enum outcome {
    ANSWERED,
    REFUSED, /* ICMP: nobody has that port there, or no way leads there; another address may do better. errno says it */
    FAILED   /* reported, or a stop signal came */
};

/* measure.c: sends --count numbered datagrams on a connected socket, receives what comes back and prints the summary.
 * REFUSED only as long as nothing has come back; then there is no summary. */
enum outcome measure(int fd, const struct echo_options *options, struct narrator *narrator);

#endif

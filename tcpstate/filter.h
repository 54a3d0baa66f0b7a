/* filter.h: the words by which people say which sockets they mean. */
#ifndef TCPSTATE_FILTER_H
#define TCPSTATE_FILTER_H

#include "common/socket_table.h"

/* What the words may be, for --help. */
#define FILTER_HELP                                                                                                    \
    "FILTER, any of:\n"                                                                                                \
    "  7000               that port at either end\n"                                                                   \
    "  local=7000         that port at our end;  remote=7000: at the other end\n"                                      \
    "  TIME_WAIT          that state (several: any of them), in netstat's, BSD's or RFC 9293's spelling\n"

/* Reads the words into *filter, which keeps what it already says. Returns true, or false after one line on stderr. */
bool parse_filter(int count, char **words, struct socket_filter *filter);

#endif

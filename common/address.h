/* address.h: from what people type to what the sockets API wants, and back. */
#ifndef NETSTEP_ADDRESS_H
#define NETSTEP_ADDRESS_H

#include <netdb.h>
#include <stdint.h>
#include <sys/socket.h>

/* Room for "[" an IPv6 address "%" its interface "]:65535" and the final zero. */
enum { ADDRESS_TEXT_SIZE = 80 };

/* Looks up `host` (a name or a literal address) and `port` with getaddrinfo(3) for stream sockets
 * (`socktype` SOCK_STREAM) or datagrams (SOCK_DGRAM); `flags` as for getaddrinfo, AI_PASSIVE to bind.
 * Returns 0 and a list that the caller gives to freeaddrinfo; or -1 after reporting why. */
int address_lookup(const char *host, uint16_t port, int socktype, int flags, struct addrinfo **list);

/* Writes "127.0.0.1:7000" or "[::1]:7000" into `text` (ADDRESS_TEXT_SIZE bytes) and returns it. */
const char *address_text(const struct sockaddr *address, char *text);

/* The port of an IPv4 or IPv6 address, in host byte order; 0 for any other family. */
uint16_t address_port(const struct sockaddr *address);

#endif

/* first_number.c: --isn, a first sequence number of our own (ISS in RFC 9293, 3.4.1). TCP_REPAIR is Linux.
 *
 * The kernel chooses that number by a clock and a secret, so that a new connection between the same ports begins where
 * old segments don't fit (RFC 6528). There is a way round it, made for programs that bring a saved connection back:
 * under "repair" a socket's numbers can be set. Whoever may do that can also forge: CAP_NET_ADMIN is asked for, which
 * root has, and everybody on the hosts of wire(1).
 */
#define _DEFAULT_SOURCE /* TCP_SEND_QUEUE */

#include "client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

int set_first_number(int fd, uint32_t number, struct narrator *narrator)
{
    const int on = TCP_REPAIR_ON, off = TCP_REPAIR_OFF, queue = TCP_SEND_QUEUE;

    if (narrate_call(narrator, "setsockopt(%d, TCP_QUEUE_SEQ)", fd) == -1)
        return -1;
    int result = setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on);
    if (result == 0)
        result = setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof queue);
    if (result == 0)
        result = setsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &number, sizeof number);
    if (result == 0)
        result = setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof off); /* or connect would send no SYN */
    narrate_result(narrator, fd, result, "under TCP_REPAIR: our SYN will have the number %lu", (unsigned long)number);
    return result;
}

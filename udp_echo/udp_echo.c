/* udp_echo: a UDP echo server, and its client, which also measures.
 *
 *     udp_echo -l 7000
 *     udp_echo 127.0.0.1 7000 hello
 *
 * Reading order: server.c (socket, bind, recvfrom, sendto), client.c (socket, connect, send, recv). Then rate.c, why
 * the server does not answer everything, and for --count measure.c, probe.c, summary.c. Lesson 06.
 */
#include "udp_echo.h"

#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    struct echo_options options;
    report_as("udp_echo");
    keep_standard_descriptors();
    int status = parse_options(argc, argv, &options);
    if (status != -1)
        return status;
    struct addrinfo *list;
    if (address_lookup(options.host, options.port, SOCK_DGRAM, options.server ? AI_PASSIVE : 0, &list) == -1)
        return EXIT_WORLD;

    await_stop_signals();
    struct narrator narrator;
    int out = options.server ? STDOUT_FILENO : STDERR_FILENO; /* a client's stdout is the answer */
    narrate_open(&narrator, options.quiet ? -1 : out, options.step);
    status = options.server ? serve(list, &options, &narrator) : ask(list, &options, &narrator);
    narrate_close(&narrator);
    freeaddrinfo(list);
    return status;
}

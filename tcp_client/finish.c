/* finish.c: how a connection ends, and waiting for the other side until it does. */
#include "client.h"
#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

short wait_for_server(int connection, short events, const struct client_options *options)
{
    int ready = await(connection, events, options->timeout_ms);
    if (ready == 0)
        report("%s port %u: nothing moved for %g s", options->host, (unsigned)options->port,
               options->timeout_ms / 1000.0);
    return ready > 0 ? (short)ready : 0;
}

bool half_close(int connection, struct narrator *narrator)
{
    if (narrate_call(narrator, "shutdown(%d, SHUT_WR)", connection) == -1)
        return false;
    int result = shutdown(connection, SHUT_WR);
    narrate_result(narrator, connection, result, "our FIN is sent; the server may go on sending");
    return result == 0 || errno == ENOTCONN; /* reset meanwhile: the next read tells */
}

/* With SO_LINGER 0, close sends RST instead of FIN and throws away what was not sent (RFC 9293, 3.10.5 ABORT). */
static void make_close_reset(int connection, struct narrator *narrator)
{
    struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
    narrate_call(narrator, "setsockopt(%d, SO_LINGER, 0 s)", connection);
    int result = setsockopt(connection, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
    narrate_result(narrator, connection, result, "close will send RST");
}

void close_connection(int connection, const struct client_options *options, struct narrator *narrator)
{
    if (options->reset)
        make_close_reset(connection, narrator);
    narrate_call(narrator, "close(%d)", connection); /* also when a stop signal came: closing is what it asks for */
    int result = close(connection);
    narrate_result(narrator, connection, result, "the descriptor is gone; the kernel finishes the rest");
}

void report_lost(const char *operation, const struct client_options *options)
{
    report_errno("%s %s port %u", operation, options->host, (unsigned)options->port);
}

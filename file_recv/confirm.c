/* confirm.c: SIOCOUTQ is Linux; where the kernel can't tell what is acknowledged, nobody is believed to be alive. */
#include "confirm.h"

#include "common/await.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Bytes that were sent and not acknowledged; -1 where the kernel does not say. */
static int unacknowledged(int connection)
{
    int bytes;
    return ioctl(connection, SIOCOUTQ, &bytes) == -1 ? -1 : bytes;
}

/* read() goes on returning 0 after a reset, once the end of file has been read: only SO_ERROR tells of it. */
static bool was_reset(int connection)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(connection, SOL_SOCKET, SO_ERROR, &error, &size) == -1 || error != 0;
}

enum liveness ask_sender(int connection, int timeout_ms)
{
    if (send(connection, "o", 1, 0) != 1) /* the first byte of "ok" */
        return GONE;
    long long end = now_us() + timeout_ms * 1000LL;
    int pause_ms = 1;
    for (;;) {
        int bytes = unacknowledged(connection);
        if (was_reset(connection)) /* asked after the bytes: a reset empties the queue as an ACK does */
            return GONE;
        if (bytes == 0)
            return ALIVE;
        if (bytes == -1 || (timeout_ms >= 0 && now_us() >= end))
            return UNDECIDED;
        /* A reset wakes us, an ACK does not: so we look again, soon at first. */
        if (await(connection, 0, pause_ms) == -1)
            return UNDECIDED;
        if (pause_ms < 20)
            pause_ms *= 2;
    }
}

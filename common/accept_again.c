#include "common/accept_again.h"

#include "common/await.h"
#include "common/report.h"

#include <errno.h>

int accept_delay_ms(bool *already_said)
{
    enum { PAUSE_MS = 100 };
    switch (errno) {
    case EAGAIN:       /* the connection that poll saw has gone again */
    case ECONNABORTED: /* reset by the client while it waited in the queue */
    case EINTR:
    case EPROTO: return 0;
    case EMFILE:  /* our descriptors are used up */
    case ENFILE:  /* the system's are */
    case ENOBUFS: /* no memory for sockets */
    case ENOMEM:
        /* The connection stays in the accept queue. Trying again at once would only burn the processor. */
        if (!*already_said)
            report_errno("accept, clients wait in the queue");
        *already_said = true;
        return PAUSE_MS;
    default: report_errno("accept"); return -1;
    }
}

bool accept_again(bool *already_said)
{
    int delay = accept_delay_ms(already_said);
    if (delay > 0)
        return await(-1, 0, delay) != -1 || stop_signal();
    return delay == 0;
}

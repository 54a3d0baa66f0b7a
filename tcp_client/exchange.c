/* exchange.c: both directions of the connection at once, each as far as it goes.
 *
 * What we send comes from MESSAGE or standard input, what we receive goes to stdout. A side that can't take more stops
 * the one that feeds it: without room in the send buffer no more input is read, and while stdout does not take what
 * came no more is received. So nothing is lost and memory stays bounded, however much flows.
 */
#include "client.h"
#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct exchange {
    int connection;
    const struct client_options *options;
    struct narrator *narrator;
    char input[BUFFER_SIZE], received[BUFFER_SIZE];
    const char *to_send, *to_print; /* what is still to be passed on, in the buffers above or in MESSAGE */
    size_t send_left, print_left;
    long long sent, came_back;
    long long hold_until; /* now_us() at which --hold is over; 0 = it has not begun */
    bool input_ended;     /* nothing will follow what is in to_send */
    bool half_closed;     /* our FIN is sent */
    bool server_done;     /* the server's FIN has come */
    bool read_announced;  /* the next read has been told */
    bool same_screen;     /* what came back and what we tell share a terminal */
};

/* Whether we send no FIN of our own before the end. */
static bool keeps_open(const struct client_options *options)
{
    return options->no_half_close || options->reset;
}

static bool all_sent(const struct exchange *x)
{
    return x->input_ended && x->send_left == 0;
}

static bool finished(const struct exchange *x)
{
    if (x->print_left > 0 || !all_sent(x))
        return false;
    if (keeps_open(x->options))
        return x->hold_until && now_us() >= x->hold_until && (x->server_done || x->came_back >= x->sent);
    return x->half_closed && x->server_done;
}

static bool read_input(struct exchange *x)
{
    ssize_t got = read(STDIN_FILENO, x->input, sizeof x->input);
    if (got == -1 && errno != EAGAIN && errno != EINTR) {
        report_errno("read standard input");
        return false;
    }
    x->input_ended = got == 0;
    x->to_send = x->input;
    x->send_left = got > 0 ? (size_t)got : 0;
    return true;
}

static bool print_received(struct exchange *x)
{
    /* A pipe that poll calls writable takes PIPE_BUF bytes without blocking (pipe(7)); more could block us. */
    ssize_t written = await_write(STDOUT_FILENO, x->to_print, x->print_left < PIPE_BUF ? x->print_left : PIPE_BUF);
    if (written == -1 && errno != EAGAIN && errno != EINTR) {
        report_errno("write standard output");
        return false;
    }
    if (written > 0) {
        x->to_print += written;
        x->narrator->behind_text = x->same_screen && x->to_print[-1] != '\n';
        x->print_left -= (size_t)written;
    }
    return true;
}

static bool send_some(struct exchange *x)
{
    if (narrate_call(x->narrator, "write(%d, buffer, %zu)", x->connection, x->send_left) == -1)
        return false;
    x->read_announced = false;
    ssize_t written = write(x->connection, x->to_send, x->send_left);
    if (written == -1 && (errno == EAGAIN || errno == EINTR))
        return true;
    narrate_result(x->narrator, x->connection, written, "%s",
                   (size_t)written < x->send_left ? "no more fits into the send buffer"
                                                  : "the kernel has them to send");
    if (written == -1) {
        report_lost("write to", x->options);
        return false;
    }
    x->to_send += written;
    x->send_left -= (size_t)written;
    x->sent += written;
    return true;
}

/* Announces the read before we sleep, so that the line "blocks" stands on the screen while we do. */
static bool announce_read(struct exchange *x)
{
    if (x->read_announced)
        return true;
    if (narrate_call(x->narrator, "read(%d, buffer, %d)", x->connection, BUFFER_SIZE) == -1)
        return false;
    x->read_announced = true;
    narrate_wait(x->narrator, x->connection, POLLIN, "nothing has arrived");
    return true;
}

static bool receive_some(struct exchange *x)
{
    if (!announce_read(x))
        return false;
    ssize_t got = read(x->connection, x->received, sizeof x->received);
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return true;
    x->read_announced = false;
    narrate_result(x->narrator, x->connection, got, "%s", got == 0 ? "end of file: the server's FIN" : "");
    if (got == -1) {
        report_lost("read from", x->options);
        return false;
    }
    x->server_done = got == 0;
    x->came_back += got;
    x->to_print = x->received;
    x->print_left = (size_t)got;
    if (x->server_done && !all_sent(x)) {
        report("%s port %u: the server closed before our input ended", x->options->host, (unsigned)x->options->port);
        return false;
    }
    return true;
}

/* All is sent: --hold begins; when it is over, our FIN goes out. */
static bool end_sending(struct exchange *x)
{
    if (x->hold_until == 0)
        x->hold_until = now_us() + x->options->hold_ms * 1000LL;
    if (x->half_closed || keeps_open(x->options) || now_us() < x->hold_until)
        return true;
    x->read_announced = false;
    x->half_closed = half_close(x->connection, x->narrator);
    return x->half_closed;
}

enum { INPUT, SERVER, OUTPUT, WAITING_COUNT };

/* Sleeps until something can go on; only the server is given a limit, not the person who types, nor the reader of our
 * stdout. Returns false when a stop signal came, or when nothing moved for too long, which is reported. */
static bool sleep_until_ready(struct exchange *x, struct pollfd waiting[WAITING_COUNT])
{
    long long hold_left_us = x->hold_until - now_us();
    bool holding = all_sent(x) && hold_left_us > 0;
    bool for_server = x->print_left == 0 && (x->input_ended || x->send_left > 0);
    int limit = for_server ? x->options->timeout_ms : -1;
    if (holding)
        limit = (int)(hold_left_us / 1000) + 1;
    int ready = await_any(waiting, WAITING_COUNT, limit);
    if (ready == 0 && !holding)
        report("%s port %u: nothing moved for %g s", x->options->host, (unsigned)x->options->port, limit / 1000.0);
    return ready > 0 || (ready == 0 && holding);
}

/* Sleeps until something can go on, and lets it. Returns false when the exchange is over before its time. */
static bool move(struct exchange *x)
{
    bool receives = !x->server_done && x->print_left == 0;
    struct pollfd waiting[WAITING_COUNT] = {
        [INPUT] = {.fd = x->send_left == 0 && !x->input_ended ? STDIN_FILENO : -1, .events = POLLIN},
        [SERVER] = {.fd = receives || x->send_left > 0 ? x->connection : -1,
                    .events = (short)((x->send_left > 0 ? POLLOUT : 0) | (receives ? POLLIN : 0))},
        [OUTPUT] = {.fd = x->print_left > 0 ? STDOUT_FILENO : -1, .events = POLLOUT},
    };
    if (all_sent(x) && receives && !announce_read(x))
        return false;
    if (!sleep_until_ready(x, waiting))
        return false;
    if (waiting[OUTPUT].revents && !print_received(x))
        return false;
    if (waiting[INPUT].revents && !read_input(x))
        return false;
    const short trouble = POLLERR | POLLHUP; /* the call that follows says which */
    bool may_send = x->send_left > 0 && (waiting[SERVER].revents & (POLLOUT | trouble));
    if (may_send && !send_some(x))
        return false;
    /* Also while we still have to send: a server that can't get rid of its answers stops reading. */
    return !receives || !(waiting[SERVER].revents & (POLLIN | trouble)) || receive_some(x);
}

bool exchange(int connection, const struct client_options *options, struct narrator *narrator)
{
    struct exchange x = {.connection = connection, .options = options, .narrator = narrator};
    x.to_print = x.received;
    x.same_screen = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
    if (options->message) {
        x.to_send = options->message;
        x.send_left = strlen(options->message);
        x.input_ended = true;
    }
    for (;;) {
        if (all_sent(&x) && !end_sending(&x))
            return false;
        if (finished(&x))
            return true;
        if (!move(&x))
            return false;
    }
}

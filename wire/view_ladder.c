#include "view_ladder.h"

#include "common/await.h"
#include "hosts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void print(struct ladder_view *view, const char *text)
{
    if (view->line)
        view->line(view->line_context, text);
    else if (!view->failed &&
             (await_write_all(view->out, text, strlen(text)) == -1 || await_write_all(view->out, "\n", 1) == -1)) {
        view->failed = true;
        view->error = errno;
    }
}

static struct state_pair no_rows(void)
{
    return (struct state_pair){{STATE_CLOSED, STATE_CLOSED}};
}

/* Both hosts' names, above their columns. */
static void print_head(struct ladder_view *view, const struct event *event)
{
    char text[ROW_SIZE], left[80], right[80];
    if (*event->text)
        print(view, event->text);
    snprintf(left, sizeof left, "     client %s", host_address(CLIENT, AF_INET));
    snprintf(right, sizeof right, "server %s", host_address(SERVER, AF_INET));
    snprintf(text, sizeof text, "%-*s%s", view->style.columns - 15, left, right);
    print(view, text);
    view->headed = true;
    view->shown = no_rows();
}

/* A change that no packet's row has shown: a row of its own. */
static void print_waiting(struct ladder_view *view)
{
    char text[ROW_SIZE];
    if (view->waits[CLIENT] || view->waits[SERVER])
        print(view, row_states(&view->style, &view->shown, view->waits, "", text));
    view->waits[CLIENT] = view->waits[SERVER] = false;
}

/* The row of another connection begins anew. */
static void turn_to(struct ladder_view *view, int connection)
{
    if (connection == view->connection)
        return;
    print_waiting(view);
    view->connection = connection;
    view->shown = no_rows();
}

static void see_state(struct ladder_view *view, const struct event *event)
{
    enum host_id host = event->host;
    if (event->remote.port == 0 && view->connection != 0)
        return; /* a listening socket, beside a connection's rows */
    turn_to(view, event->connection);
    if (view->shown.of[host] == event->states.of[host])
        return;
    if (view->waits[host])
        print_waiting(view);
    view->shown.of[host] = event->states.of[host];
    view->waits[host] = true;
}

/* A connection has no row yet where its SYN goes to: the row that stands there is the listener's. */
static void know_listener(struct ladder_view *view, const struct event *event)
{
    for (int host = 0; host < HOSTS; host++)
        if (event->connection == view->connection && event->states.of[host] == STATE_LISTEN && !view->waits[host])
            view->shown.of[host] = STATE_LISTEN;
}

static const char *remark_of(const struct event *event, char text[REPEAT_TEXT_SIZE])
{
    const struct frame *frame = event->frame;
    text[0] = '\0';
    if (event->kind == EVENT_DELIVERED && frame->deliveries > 1)
        snprintf(text, REPEAT_TEXT_SIZE, "once more");
    else if (frame->repeat_of > 0)
        repeat_text(frame, text);
    else if (frame->copies > 0)
        snprintf(text, REPEAT_TEXT_SIZE, "sent %d times", frame->copies + 1);
    return text;
}

static void see_packet(struct ladder_view *view, const struct event *event, enum packet_fate fate)
{
    char text[ROW_SIZE], remark[REPEAT_TEXT_SIZE];
    bool changed[HOSTS];
    turn_to(view, event->connection);
    for (int host = 0; host < HOSTS; host++) {
        if (view->waits[host] && fate == FATE_DELIVERED && event->before.of[host] != view->shown.of[host])
            print_waiting(view);
        changed[host] = view->waits[host] || event->states.of[host] != view->shown.of[host];
    }
    print(view, row_packet(&view->style, event->frame, fate, &event->states, changed, remark_of(event, remark), text));
    if (fate == FATE_DROPPED && *event->text)
        print(view, row_output(&view->style, event->host, event->text, text));
    view->shown = event->states;
    view->waits[CLIENT] = view->waits[SERVER] = false;
}

static void see_line(struct ladder_view *view, const struct event *event)
{
    char text[ROW_SIZE], line[ROW_SIZE];
    const char *prompt = event->kind == EVENT_RUN ? "$ " : event->kind == EVENT_EXIT ? "end: " : "";
    print_waiting(view);
    snprintf(line, sizeof line, "%s%s", prompt, event->text);
    print(view, row_output(&view->style, event->host, line, text));
}

void view_ladder(void *context, const struct event *event)
{
    struct ladder_view *view = context;
    char text[ROW_SIZE];
    switch (event->kind) {
    case EVENT_BEGIN: print_head(view, event); break;
    case EVENT_RUN:
    case EVENT_OUTPUT:
    case EVENT_EXIT: see_line(view, event); break;
    case EVENT_DELIVERED: see_packet(view, event, FATE_DELIVERED); break;
    case EVENT_DROPPED: see_packet(view, event, FATE_DROPPED); break;
    case EVENT_STATE: see_state(view, event); break;
    case EVENT_NOTE:
    case EVENT_FAILED:
        print_waiting(view);
        print(view, row_note(&view->style, event->text, text));
        break;
    case EVENT_END: print_waiting(view); break;
    case EVENT_CAME: /* its row is printed when it has gone somewhere */ know_listener(view, event); break;
    case EVENT_AGAIN:
    case EVENT_ANSWER: /* the quiz has told */ break;
    }
}

/* view_svg.c: from events to items, each with its row. */
#include "view_svg.h"
#include "view_svg_figure.h"

#include "view_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum svg_place side_of(enum host_id host)
{
    return host == CLIENT ? PLACE_CLIENT : PLACE_SERVER;
}

static void begin_row(struct svg_view *view)
{
    view->row++;
    view->taken = view->closed = view->states = 0;
}

/* The row for what happens to a packet at that end of it. A packet may leave where the state stands that its sender
 * changed by sending it; everything else between the lines comes after all that is in the row. What comes next may
 * stand beside an arrow's head only: there it looks like a consequence, and may be one. */
static int take_middle(struct svg_view *view, enum svg_kind kind, enum host_id host)
{
    bool joins = kind == ITEM_CAME && !(view->taken & PLACE_MIDDLE) && (view->states & side_of(host));
    if (!joins)
        begin_row(view);
    view->taken |= PLACE_MIDDLE;
    view->closed = PLACE_CLIENT | PLACE_SERVER;
    if (kind == ITEM_DELIVERED)
        view->closed &= ~(unsigned)side_of(host);
    return view->row;
}

/* The row for something at the side. */
static int take_side(struct svg_view *view, enum svg_kind kind, enum svg_place side)
{
    if (view->row < 0 || ((view->taken | view->closed) & side))
        begin_row(view);
    view->taken |= side;
    if (kind == ITEM_STATE)
        view->states |= side;
    return view->row;
}

static bool has_room(struct svg_view *view)
{
    if (view->count < view->room)
        return true;
    size_t room = view->room ? 2 * view->room : 64;
    struct svg_item *items = realloc(view->items, room * sizeof *items);
    if (!items)
        return false;
    view->items = items;
    view->room = room;
    return true;
}

/* A new item with its row. Returns NULL when the figure is full. */
static struct svg_item *add_item(struct svg_view *view, enum svg_kind kind, enum svg_place place,
                                 const struct event *event)
{
    if (view->count == SVG_ITEMS_MAX || !has_room(view)) {
        view->full = true;
        return NULL;
    }
    struct svg_item *item = &view->items[view->count++];
    *item = (struct svg_item){.kind = kind, .host = event->host, .connection = event->connection};
    item->row = place == PLACE_MIDDLE ? take_middle(view, kind, event->host) : take_side(view, kind, place);
    return item;
}

static void add_text(struct svg_view *view, enum svg_kind kind, enum svg_place place, const struct event *event,
                     const char *before)
{
    char text[SVG_TEXT_SIZE - 32];
    struct svg_item *item = add_item(view, kind, place, event);
    if (!item)
        return;
    snprintf(item->text, sizeof item->text, "%s%s", before,
             text_on_one_line(event->text, (int)sizeof text, text, sizeof text));
    bool note = place == PLACE_MIDDLE;
    int lines = note ? svg_note_lines(item->text) : svg_said_lines(item->text);
    if (lines <= 2) /* two are in each row */
        return;
    view->row += note ? lines / 2 : (lines - 1) / 2; /* below a remark half a row stays free */
    view->states = 0;
}

/* What the figure shows of a connection so far; a new one is closed at both ends. */
static struct svg_shown *shown_of(struct svg_view *view, int connection)
{
    struct svg_shown *shown = &view->shown[connection % SVG_CONNECTIONS];
    if (shown->connection != connection || shown->of[CLIENT] == STATE_NONE)
        *shown = (struct svg_shown){connection, {STATE_CLOSED, STATE_CLOSED}};
    return shown;
}

/* A box, unless the figure shows that state already. Packets and changes of state both tell it. */
static void add_state(struct svg_view *view, const struct event *event, enum host_id host)
{
    enum tcp_state state = event->states.of[host];
    struct svg_shown *shown = shown_of(view, event->connection);
    bool had_begun = shown->of[host] != STATE_CLOSED && shown->of[host] != STATE_LISTEN;
    if (state == STATE_LISTEN && had_begun && shown->of[host] != STATE_SYN_RECV)
        state = STATE_CLOSED; /* only the listening socket is left: this connection is gone */
    if (state == STATE_NONE || state == shown->of[host])
        return;
    /* The listening socket is shown once, not with every connection that is made to it. */
    bool known = state == STATE_LISTEN && shown->of[host] == STATE_CLOSED && view->listens[host];
    shown->of[host] = state;
    if (state == STATE_LISTEN)
        view->listens[host] = true;
    if (known)
        return;
    struct svg_item *item = add_item(view, ITEM_STATE, side_of(host), event);
    if (item) {
        item->host = host;
        item->state = state;
    }
}

static void add_states(struct svg_view *view, const struct event *event)
{
    add_state(view, event, CLIENT);
    add_state(view, event, SERVER);
}

/* A socket that has changed by itself. Of those that belong to no connection only the listening ones are shown. */
static void add_change(struct svg_view *view, const struct event *event)
{
    enum tcp_state state = event->states.of[event->host];
    if (event->connection > 0 || state == STATE_LISTEN || event->from == STATE_LISTEN)
        add_state(view, event, event->host);
    if (event->connection == 0 && event->from == STATE_LISTEN)
        view->listens[event->host] = false;
}

static void remember_address(struct svg_view *view, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    char *address = view->address[frame->from];
    if (packet->family != 0 && address[0] == '\0')
        inet_ntop(packet->family, packet->from.address, address, INET6_ADDRSTRLEN);
}

static void add_came(struct svg_view *view, const struct event *event)
{
    char text[SVG_TEXT_SIZE];
    struct svg_item *item = add_item(view, ITEM_CAME, PLACE_MIDDLE, event);
    remember_address(view, event->frame);
    if (!item)
        return;
    item->host = event->frame->from;
    item->number = event->frame->number;
    frame_text(event->frame, text, sizeof text);
    text_on_one_line(text, (int)sizeof text, item->text, sizeof item->text - 32);
    if (event->frame->repeat_of > 0) {
        size_t used = strlen(item->text);
        snprintf(item->text + used, sizeof item->text - used, " (%d again)", event->frame->repeat_of);
    }
}

/* The item where a packet came; the newest are looked at first. Returns NULL where it is not in the figure. */
static struct svg_item *find_tail(const struct svg_view *view, int number)
{
    for (size_t i = view->count; i-- > 0;)
        if (view->items[i].kind == ITEM_CAME && view->items[i].number == number)
            return &view->items[i];
    return NULL;
}

/* What happens to a packet that has come: delivered, dropped, or sent again. */
static void add_fate(struct svg_view *view, const struct event *event, enum svg_kind kind)
{
    const struct svg_item *tail = find_tail(view, event->frame->number);
    size_t at = tail ? (size_t)(tail - view->items) : 0;
    struct svg_item *item = tail ? add_item(view, kind, PLACE_MIDDLE, event) : NULL;
    if (!item)
        return;
    item->number = event->frame->number;
    item->tail = at;
    text_on_one_line(event->text, (int)sizeof item->text, item->text, sizeof item->text);
    if (kind == ITEM_AGAIN) {
        snprintf(item->text, sizeof item->text, "%d sent again (copy %d): still held", item->number,
                 event->frame->copies);
        return;
    }
    item->once_more = view->items[at].ended; /* items may have moved: not by `tail` */
    view->items[at].ended = true;
}

/* The first command on each host stands at the top of its line, later ones where they began. */
static void add_run(struct svg_view *view, const struct event *event)
{
    char *first = view->command[event->host];
    if (first[0] == '\0')
        text_on_one_line(event->text, SVG_TEXT_SIZE, first, SVG_TEXT_SIZE);
    else
        add_text(view, ITEM_COMMAND, side_of(event->host), event, "$ ");
}

void view_svg(void *context, const struct event *event)
{
    struct svg_view *view = context;
    if (view->full) {
        view->left_out += event->kind != EVENT_END;
        return;
    }
    if (event->connection > view->connections)
        view->connections = event->connection;
    switch (event->kind) {
    case EVENT_BEGIN: text_on_one_line(event->text, SVG_TEXT_SIZE, view->title, sizeof view->title); break;
    case EVENT_RUN: add_run(view, event); break;
    case EVENT_OUTPUT: add_text(view, ITEM_OUTPUT, side_of(event->host), event, ""); break;
    case EVENT_EXIT: add_text(view, ITEM_EXIT, side_of(event->host), event, "ended: "); break;
    case EVENT_CAME:
        add_states(view, event); /* first: the packet leaves where they stand */
        add_came(view, event);
        break;
    case EVENT_AGAIN: add_fate(view, event, ITEM_AGAIN); break;
    case EVENT_DELIVERED:
        add_fate(view, event, ITEM_DELIVERED);
        add_states(view, event);
        break;
    case EVENT_DROPPED: add_fate(view, event, ITEM_DROPPED); break;
    case EVENT_STATE: add_change(view, event); break;
    case EVENT_NOTE: add_text(view, ITEM_NOTE, PLACE_MIDDLE, event, ""); break;
    case EVENT_FAILED: add_text(view, ITEM_FAILED, PLACE_MIDDLE, event, "FAILED: "); break;
    case EVENT_ANSWER:
    case EVENT_END: break;
    }
    view->left_out += view->full;
}

int view_svg_open(struct svg_view *view, const char *path)
{
    *view = (struct svg_view){.row = -1, .out = stdout};
    if (strcmp(path, "-") == 0)
        return 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666); /* now: a wrong path is told at once */
    view->out = fd == -1 ? NULL : fdopen(fd, "w");
    if (fd != -1 && !view->out) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return view->out ? 0 : -1;
}

int view_svg_close(struct svg_view *view)
{
    struct svg_figure figure;
    int result = svg_figure_make(&figure, view), error = errno;
    if (result == 0) {
        svg_draw(view->out, view, &figure);
        result = fflush(view->out) == EOF || ferror(view->out) ? -1 : 0;
        error = errno;
    }
    if (view->out != stdout && fclose(view->out) == EOF && result == 0) {
        result = -1;
        error = errno;
    }
    svg_figure_free(&figure);
    free(view->items);
    errno = error;
    return result;
}

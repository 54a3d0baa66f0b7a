#include "kept_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_row(void *context, const char *text)
{
    lines_add(context, text);
}

/* A copy that outlives the call. Returns whether there was memory for it. */
static bool copy_event(struct event *copy, const struct event *event)
{
    *copy = *event;
    char *text = strdup(event->text);
    struct frame *frame = event->frame ? malloc(sizeof *frame) : NULL;
    if (text == NULL || (event->frame && frame == NULL)) {
        free(text);
        free(frame);
        return false;
    }
    if (frame)
        *frame = *event->frame;
    copy->text = text;
    copy->frame = frame;
    return true;
}

static void free_events(struct event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((void *)events[i].frame);
        free((void *)events[i].text);
    }
}

/* Room for one more: where there are twice as many as we keep, the earlier half goes. */
static bool make_room(struct kept_events *kept)
{
    if (kept->count == (size_t)EVENTS_KEPT * 2) {
        free_events(kept->events, EVENTS_KEPT);
        memmove(kept->events, kept->events + EVENTS_KEPT, EVENTS_KEPT * sizeof *kept->events);
        kept->count -= EVENTS_KEPT;
        kept->forgotten += EVENTS_KEPT;
        const struct row_style style = kept->ladder.style;
        kept_events_lay_out(kept, &style);
    }
    if (kept->count < kept->room)
        return true;
    size_t room = kept->room ? 2 * kept->room : 64;
    struct event *more = realloc(kept->events, room * sizeof *more);
    if (more == NULL)
        return false;
    kept->events = more;
    kept->room = room;
    return true;
}

void kept_events_see(void *context, const struct event *event)
{
    struct kept_events *kept = context;
    if (event->kind == EVENT_AGAIN || event->kind == EVENT_BEGIN || event->kind == EVENT_ANSWER)
        return; /* they change nothing in the rows */
    if (make_room(kept) && copy_event(&kept->events[kept->count], event))
        kept->count++;
    else
        kept->forgotten++;
    view_ladder(&kept->ladder, event);
}

void kept_events_lay_out(struct kept_events *kept, const struct row_style *style)
{
    lines_clear(&kept->rows);
    kept->ladder = (struct ladder_view){.out = -1,
                                        .style = *style,
                                        .line = add_row,
                                        .line_context = &kept->rows,
                                        .shown = {{STATE_CLOSED, STATE_CLOSED}}};
    for (size_t i = 0; i < kept->count; i++)
        view_ladder(&kept->ladder, &kept->events[i]);
}

void kept_events_print(const struct kept_events *kept, const struct row_style *style)
{
    struct ladder_view ladder = {.out = STDOUT_FILENO, .style = *style};
    char text[80];
    view_ladder(&ladder, &(struct event){.kind = EVENT_BEGIN, .text = ""});
    if (kept->forgotten > 0) {
        snprintf(text, sizeof text, "%lld earlier events are not shown", kept->forgotten);
        view_ladder(&ladder, &(struct event){.kind = EVENT_NOTE, .text = text});
    }
    for (size_t i = 0; i < kept->count; i++)
        view_ladder(&ladder, &kept->events[i]);
    view_ladder(&ladder, &(struct event){.kind = EVENT_END, .text = ""});
}

void kept_events_free(struct kept_events *kept)
{
    free_events(kept->events, kept->count);
    free(kept->events);
    lines_clear(&kept->rows);
    kept->events = NULL;
    kept->count = kept->room = 0;
}

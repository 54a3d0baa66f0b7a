/* view_svg_place.c: where arrows and labels stand.
 *
 * Every label has a place in its own row that no other label can reach: there all of them begin, so that none overlap.
 * Then each one is moved along its arrow if it overlaps nothing there. So they never do.
 */
#include "view_svg_figure.h"
#include "view_text.h"

#include <stdlib.h>
#include <string.h>

/* The places within a row, from its middle. Labels of SVG_LABEL_SIZE reach 6 up and down from their own middle, those
 * of SVG_SMALL_SIZE 5.5: with rows of 26 the lowest of one row and the highest of the next do not touch. */
static const double above = -8, below = 6, first_line = -8.5, second_line = 2.5, only_line = -3;

static const double steepest = 0.3; /* beyond that, text along a line is hard to read */

static double life_line(enum host_id host)
{
    return host == CLIENT ? SVG_CLIENT_X : SVG_SERVER_X;
}

static double height_of(const struct svg_label *label)
{
    return label->size == SVG_LABEL_SIZE ? 12 : 11;
}

static double width_of(const char *text, int size)
{
    int columns = 0;
    while (*text) {
        uint32_t code;
        text += text_character(text, &code);
        columns += text_columns(code);
    }
    return columns * SVG_COLUMN(size);
}

static double y_at(const struct svg_label *label, double x)
{
    return label->y + label->slope * (x - label->left);
}

static double arrow_y_at(const struct svg_arrow *arrow, double x)
{
    return arrow->y1 + (arrow->y2 - arrow->y1) / (arrow->x2 - arrow->x1) * (x - arrow->x1);
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* Whether two lines, so far from each other at the left and at the right end of what they share, come nearer than that.
 */
static bool come_near(double at_left, double at_right, double distance)
{
    return (at_left < distance && at_left > -distance) || (at_right < distance && at_right > -distance) ||
           (at_left < 0) != (at_right < 0);
}

bool svg_labels_meet(const struct svg_label *one, const struct svg_label *other)
{
    double left = larger(one->left, other->left), right = smaller(one->right, other->right);
    return left < right && come_near(y_at(one, left) - y_at(other, left), y_at(one, right) - y_at(other, right),
                                     (height_of(one) + height_of(other)) / 2 - 0.01);
}

static bool arrow_strikes(const struct svg_arrow *arrow, const struct svg_label *label)
{
    double left = larger(label->left, smaller(arrow->x1, arrow->x2));
    double right = smaller(label->right, larger(arrow->x1, arrow->x2));
    return left < right && come_near(y_at(label, left) - arrow_y_at(arrow, left),
                                     y_at(label, right) - arrow_y_at(arrow, right), height_of(label) / 2);
}

/* ---- arrows and labels from items */

static struct svg_label *add_label(struct svg_figure *figure, int size, double y, const char *text)
{
    struct svg_label *label = &figure->labels[figure->label_count++];
    int columns = (int)((SVG_SERVER_X - SVG_CLIENT_X - 2 * SVG_GAP) / SVG_COLUMN(size));
    *label = (struct svg_label){.y = y, .size = size, .arrow = -1};
    text_on_one_line(text, columns, label->text, sizeof label->text);
    label->right = width_of(label->text, size);
    return label;
}

/* Moves a label so that it begins, or ends, at x. */
static void begin_at(struct svg_label *label, double x)
{
    label->right += x - label->left;
    label->left = x;
}

static void end_at(struct svg_label *label, double x)
{
    begin_at(label, x - (label->right - label->left));
}

/* Beside the life line of a host, or so far from it, on the inner side. */
static void put_near(struct svg_label *label, enum host_id host, double distance)
{
    if (host == CLIENT)
        begin_at(label, SVG_CLIENT_X + distance);
    else
        end_at(label, SVG_SERVER_X - distance);
}

static void add_packet_label(struct svg_figure *figure, const struct svg_view *view, const struct svg_item *item,
                             int arrow)
{
    char text[SVG_TEXT_SIZE + 32], connection[SVG_CONNECTION_SIZE];
    snprintf(text, sizeof text, "%d %s%s", item->number, svg_connection_text(view, item->connection, connection),
             item->text);
    struct svg_label *label = add_label(figure, SVG_LABEL_SIZE, item->row * SVG_ROW + above, text);
    put_near(label, item->host, SVG_GAP);
    label->arrow = arrow;
    label->numbered = true;
}

static void add_held(struct svg_figure *figure, const struct svg_view *view, const struct svg_item *item)
{
    double from = life_line(item->host), y = item->row * SVG_ROW, direction = item->host == CLIENT ? 1 : -1;
    figure->arrows[figure->arrow_count++] = (struct svg_arrow){
        .x1 = from, .y1 = y, .x2 = from + direction * 60, .y2 = y + SVG_ROW / 6.0, .end = ENDS_HELD};
    figure->held = true;
    add_packet_label(figure, view, item, -1);
}

static void add_delivered(struct svg_figure *figure, const struct svg_view *view, const struct svg_item *item)
{
    const struct svg_item *tail = &view->items[item->tail];
    int arrow = (int)figure->arrow_count++;
    figure->arrows[arrow] = (struct svg_arrow){.x1 = life_line(tail->host),
                                               .y1 = tail->row * SVG_ROW,
                                               .x2 = life_line(other_host(tail->host)),
                                               .y2 = item->row * SVG_ROW,
                                               .end = ENDS_DELIVERED,
                                               .once_more = item->once_more};
    if (!item->once_more) {
        add_packet_label(figure, view, tail, arrow);
        return;
    }
    char text[32];
    snprintf(text, sizeof text, "%d delivered again", item->number);
    struct svg_label *label = add_label(figure, SVG_SMALL_SIZE, item->row * SVG_ROW + below, text);
    put_near(label, other_host(tail->host), SVG_GAP);
    label->arrow = arrow;
    label->numbered = true;
    figure->once_more = true;
}

/* "dropped", and below it why, stands behind the cross, where the packet would have gone on. */
static void add_drop_labels(struct svg_figure *figure, const struct svg_item *item)
{
    double middle = SVG_WIDTH / 2.0, beyond = 12, y = item->row * SVG_ROW;
    int columns = (int)((SVG_SERVER_X - middle - beyond - SVG_GAP) / SVG_COLUMN(SVG_SMALL_SIZE));
    char line[SVG_TEXT_SIZE];
    snprintf(line, sizeof line, "%d dropped", item->number);
    struct svg_label *label = add_label(figure, SVG_SMALL_SIZE, y + (item->text[0] ? first_line : 0), line);
    put_near(label, item->host, middle - SVG_CLIENT_X + beyond);
    label->numbered = true;
    if (item->text[0] == '\0')
        return;
    text_on_one_line(item->text, columns, line, sizeof line);
    put_near(add_label(figure, SVG_SMALL_SIZE, y + second_line, line), item->host, middle - SVG_CLIENT_X + beyond);
}

static void add_dropped(struct svg_figure *figure, const struct svg_view *view, const struct svg_item *item)
{
    const struct svg_item *tail = &view->items[item->tail];
    int arrow = (int)figure->arrow_count++;
    figure->arrows[arrow] = (struct svg_arrow){.x1 = life_line(tail->host),
                                               .y1 = tail->row * SVG_ROW,
                                               .x2 = SVG_WIDTH / 2.0,
                                               .y2 = item->row * SVG_ROW,
                                               .end = ENDS_DROPPED,
                                               .once_more = item->once_more};
    if (!item->once_more)
        add_packet_label(figure, view, tail, arrow);
    add_drop_labels(figure, item);
    figure->dropped = true;
}

/* A short dashed stroke at the sender's line, drawn with the label (view_svg_draw.c), and what it means. */
static void add_again(struct svg_figure *figure, const struct svg_item *item)
{
    double from = life_line(item->host), y = item->row * SVG_ROW, direction = item->host == CLIENT ? 1 : -1;
    figure->arrows[figure->arrow_count++] = (struct svg_arrow){
        .x1 = from, .y1 = y, .x2 = from + direction * 30, .y2 = y, .end = ENDS_HELD, .once_more = true};
    struct svg_label *label = add_label(figure, SVG_SMALL_SIZE, y, item->text);
    put_near(label, item->host, 42);
    label->numbered = true;
}

static const int note_columns = (int)((SVG_SERVER_X - SVG_CLIENT_X - 2 * SVG_GAP) / SVG_COLUMN(SVG_SMALL_SIZE));

int svg_note_lines(const char *text)
{
    char line[SVG_TEXT_SIZE];
    int lines = 0;
    do {
        text_next_line(&text, note_columns, line, sizeof line);
        lines++;
    } while (*text && lines < SVG_NOTE_LINES);
    return lines;
}

static const int said_columns = (int)((SVG_CLIENT_X - SVG_GAP - SVG_MARGIN) / SVG_COLUMN(SVG_SMALL_SIZE));

const char *svg_said_line(const char **text, int number, char *line, size_t size)
{
    if (number + 1 < SVG_SAID_LINES)
        return text_next_line(text, said_columns, line, size);
    text_on_one_line(*text, said_columns, line, size);
    *text += strlen(*text);
    return line;
}

int svg_said_lines(const char *text)
{
    char line[SVG_TEXT_SIZE];
    int lines = 0;
    do
        svg_said_line(&text, lines++, line, sizeof line);
    while (*text);
    return lines;
}

/* Lines in the middle. What does not go into the last one is cut off there. */
static void add_note(struct svg_figure *figure, const struct svg_item *item)
{
    const char *rest = item->text;
    char line[SVG_TEXT_SIZE];
    int lines = svg_note_lines(rest);
    double y = item->row * SVG_ROW + (lines > 1 ? first_line : only_line);
    for (int i = 1; i <= lines; i++, y += SVG_NOTE_LINE) {
        if (i < lines)
            text_next_line(&rest, note_columns, line, sizeof line);
        struct svg_label *label = add_label(figure, SVG_SMALL_SIZE, y, i < lines ? line : rest);
        label->bold = item->kind == ITEM_FAILED;
        label->note = true;
        put_near(label, CLIENT, (SVG_SERVER_X - SVG_CLIENT_X - label->right) / 2);
    }
}

static void add_item(struct svg_figure *figure, const struct svg_view *view, const struct svg_item *item)
{
    switch (item->kind) {
    case ITEM_CAME:
        if (!item->ended)
            add_held(figure, view, item);
        break;
    case ITEM_DELIVERED: add_delivered(figure, view, item); break;
    case ITEM_DROPPED: add_dropped(figure, view, item); break;
    case ITEM_AGAIN: add_again(figure, item); break;
    case ITEM_NOTE:
    case ITEM_FAILED: add_note(figure, item); break;
    case ITEM_STATE: /* at the sides: each in its row, no figuring out */
    case ITEM_COMMAND:
    case ITEM_OUTPUT:
    case ITEM_EXIT: break;
    }
}

/* ---- moving labels along their arrows */

static bool is_free(const struct svg_figure *figure, const struct svg_label *label, size_t except)
{
    for (size_t i = 0; i < figure->label_count; i++)
        if (i != except && svg_labels_meet(label, &figure->labels[i]))
            return false;
    return true;
}

/* How many arrows run through the label. */
static int strikes(const struct svg_figure *figure, const struct svg_label *label)
{
    int count = 0;
    for (size_t i = 0; i < figure->arrow_count; i++)
        count += arrow_strikes(&figure->arrows[i], label);
    return count;
}

/* The label above its arrow, `part` of the way along what is left of its length (0 to 1). */
static struct svg_label along(const struct svg_label *label, const struct svg_arrow *arrow, double part)
{
    struct svg_label moved = *label;
    double left = smaller(arrow->x1, arrow->x2) + SVG_GAP, right = larger(arrow->x1, arrow->x2) - SVG_GAP;
    double width = label->right - label->left;
    begin_at(&moved, left + (right - left - width) * part);
    moved.slope = (arrow->y2 - arrow->y1) / (arrow->x2 - arrow->x1);
    moved.y = arrow_y_at(arrow, moved.left) + above;
    return moved;
}

static void improve(struct svg_figure *figure, size_t at)
{
    static const double parts[] = {0.5, 0.1, 0.9, 0.3, 0.7, 0, 1};
    struct svg_label best = figure->labels[at];
    const struct svg_arrow *arrow = &figure->arrows[best.arrow];
    double width = best.right - best.left, room = larger(arrow->x1, arrow->x2) - smaller(arrow->x1, arrow->x2);
    double slope = (arrow->y2 - arrow->y1) / (arrow->x2 - arrow->x1);
    if (width > room - 2 * SVG_GAP || slope > steepest || slope < -steepest)
        return;
    int fewest = strikes(figure, &best) + 1; /* where it is the same, along the arrow is better */
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && fewest > 0; i++) {
        struct svg_label moved = along(&figure->labels[at], arrow, parts[i]);
        int count = strikes(figure, &moved);
        if (count < fewest && is_free(figure, &moved, at)) {
            best = moved;
            fewest = count;
        }
    }
    figure->labels[at] = best;
}

int svg_figure_make(struct svg_figure *figure, const struct svg_view *view)
{
    *figure = (struct svg_figure){0};
    figure->arrows = calloc(view->count + 1, sizeof *figure->arrows);
    figure->labels = calloc(SVG_NOTE_LINES * view->count + 1, sizeof *figure->labels); /* at most */
    if (!figure->arrows || !figure->labels)
        return -1;
    for (size_t i = 0; i < view->count; i++)
        add_item(figure, view, &view->items[i]);
    /* From the bottom upwards: an arrow goes down, so that those below have to make room first. */
    for (size_t i = figure->label_count; i-- > 0;)
        if (figure->labels[i].arrow >= 0)
            improve(figure, i);
    return 0;
}

void svg_figure_free(struct svg_figure *figure)
{
    free(figure->arrows);
    free(figure->labels);
}

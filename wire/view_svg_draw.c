/* view_svg_draw.c: the figure as SVG 1.1. Everything is black on white: shapes, dashes and words tell things apart, so
 * that a copying machine loses nothing. Attributes only, no style sheet: the figure may stand within a web page. */
#include "view_svg_figure.h"
#include "view_text.h"

#include <string.h>

enum {
    TITLE_SIZE = 16,
    TITLE_COLUMNS = 44, /* even the widest letters, as wide as they are high, stay on the page */
    HEAD_WIDTH = 340,   /* the box at the top of a life line */
    BOX_HEIGHT = 16,
    LEGEND_LINE = 14,
};

static const int head_columns = (int)((HEAD_WIDTH - 12) / SVG_COLUMN(SVG_SMALL_SIZE));

/* Places that the size of the title and of the ladder decide. */
struct page {
    double head; /* y of the upper edge of the boxes at the top ... */
    double head_height;
    double rows;   /* y of the middle of row 0 */
    double end;    /* y of the life lines' lower end */
    double height; /* of the whole page */
    int legend_lines;
};

/* Not by printf's %f: a locale may write that with a comma. */
static void put_decimal(FILE *out, double value, int digits)
{
    long unit = 1, scaled;
    for (int i = 0; i < digits; i++)
        unit *= 10;
    scaled = (long)(value * (double)unit + (value < 0 ? -0.5 : 0.5));
    if (scaled < 0) {
        fputc('-', out);
        scaled = -scaled;
    }
    fprintf(out, "%ld.%0*ld", scaled / unit, digits, scaled % unit);
}

/* Tenths of a unit are finer than any printer shows. */
static void put_number(FILE *out, const char *name, double value)
{
    fprintf(out, " %s=\"", name);
    put_decimal(out, value, 1);
    fputc('"', out);
}

static void put_points(FILE *out, const double points[][2], int count)
{
    fputs("<polygon points=\"", out);
    for (int i = 0; i < count; i++) {
        fputs(i > 0 ? " " : "", out);
        put_decimal(out, points[i][0], 1);
        fputc(',', out);
        put_decimal(out, points[i][1], 1);
    }
    fputc('"', out);
}

static void put_line(FILE *out, double x1, double y1, double x2, double y2, const char *attributes)
{
    fputs("<line", out);
    put_number(out, "x1", x1);
    put_number(out, "y1", y1);
    put_number(out, "x2", x2);
    put_number(out, "y2", y2);
    fprintf(out, "%s/>\n", attributes);
}

static void put_box(FILE *out, double x, double y, double width, double height, const char *attributes)
{
    fputs("<rect", out);
    put_number(out, "x", x);
    put_number(out, "y", y);
    put_number(out, "width", width);
    put_number(out, "height", height);
    fprintf(out, "%s/>\n", attributes);
}

static void put_text(FILE *out, double x, double y, int size, const char *attributes, const char *text)
{
    fputs("<text", out);
    put_number(out, "x", x);
    put_number(out, "y", y);
    fprintf(out, " font-size=\"%d\"%s>", size, attributes);
    svg_put_escaped(out, text);
    fputs("</text>\n", out);
}

static double life_line(enum host_id host)
{
    return host == CLIENT ? SVG_CLIENT_X : SVG_SERVER_X;
}

static double row_y(const struct page *page, double y)
{
    return page->rows + y;
}

/* ---- the top */

/* The title, centred, on up to three lines. Returns how many. With out == NULL it only counts. */
static int put_title(FILE *out, const char *title)
{
    char line[SVG_TEXT_SIZE];
    int count = 0;
    for (; count < 3 && *text_next_line(&title, TITLE_COLUMNS, line, sizeof line); count++)
        if (out)
            put_text(out, SVG_WIDTH / 2.0, 26 + 20 * count, TITLE_SIZE,
                     " font-family=\"sans-serif\" font-weight=\"bold\" text-anchor=\"middle\"", line);
    return count;
}

/* How many lines the longer command at the top takes: one or two. */
static int command_lines(const struct svg_view *view)
{
    int lines = 1;
    for (enum host_id host = CLIENT; host < HOSTS; host++) {
        const char *rest = view->command[host];
        char line[SVG_TEXT_SIZE];
        text_next_line(&rest, head_columns, line, sizeof line);
        if (*rest)
            lines = 2;
    }
    return lines;
}

static void put_head(FILE *out, const struct svg_view *view, const struct page *page, enum host_id host)
{
    double middle = life_line(host);
    const char *command = view->command[host];
    char line[SVG_TEXT_SIZE], name[INET6_ADDRSTRLEN + 16];
    put_box(out, middle - HEAD_WIDTH / 2.0, page->head, HEAD_WIDTH, page->head_height,
            " rx=\"4\" fill=\"#f2f2f2\" stroke=\"#000\"");
    snprintf(name, sizeof name, "%s %s", host_name(host), view->address[host]);
    put_text(out, middle, page->head + 16, 12,
             " font-family=\"sans-serif\" font-weight=\"bold\" text-anchor=\"middle\"", name);
    text_next_line(&command, head_columns, line, sizeof line);
    put_text(out, middle, page->head + 30, SVG_SMALL_SIZE, " text-anchor=\"middle\"", line);
    text_on_one_line(command, head_columns, line, sizeof line);
    put_text(out, middle, page->head + 42, SVG_SMALL_SIZE, " text-anchor=\"middle\"", line);
}

static void put_life_line(FILE *out, const struct page *page, enum host_id host)
{
    double x = life_line(host);
    put_line(out, x, page->head + page->head_height, x, page->end, " stroke=\"#000\" stroke-width=\"1.5\"");
}

/* ---- the sides */

static void put_state(FILE *out, const struct svg_view *view, const struct page *page, const struct svg_item *item)
{
    char text[64], connection[SVG_CONNECTION_SIZE];
    double x = life_line(item->host), y = row_y(page, item->row * SVG_ROW);
    snprintf(text, sizeof text, "%s%s", svg_connection_text(view, item->connection, connection),
             event_state_name(item->state));
    double width = (double)strlen(text) * SVG_COLUMN(SVG_LABEL_SIZE) + 10;
    double left = item->host == CLIENT ? x - SVG_GAP - width : x + SVG_GAP;
    put_line(out, item->host == CLIENT ? left + width : left, y, x, y, " stroke=\"#000\"");
    put_box(out, left, y - BOX_HEIGHT / 2.0, width, BOX_HEIGHT, " rx=\"3\" fill=\"#e8e8e8\" stroke=\"#000\"");
    put_text(out, left + width / 2, y + 3.5, SVG_LABEL_SIZE, " font-weight=\"bold\" text-anchor=\"middle\"", text);
}

/* What a program says: one line in the middle of its row, or two a row. */
static void put_said(FILE *out, const struct page *page, const struct svg_item *item)
{
    const char *attributes = item->host == CLIENT ? " text-anchor=\"end\"" : "", *rest = item->text;
    double x = item->host == CLIENT ? SVG_CLIENT_X - SVG_GAP : SVG_SERVER_X + SVG_GAP;
    int lines = svg_said_lines(rest);
    double apart = lines > 2 ? SVG_NOTE_LINE : 11, y = row_y(page, item->row * SVG_ROW) + 3;
    char line[SVG_TEXT_SIZE];
    if (lines > 1)
        y -= apart / 2;
    for (int i = 0; i < lines; i++, y += apart)
        put_text(out, x, y, SVG_SMALL_SIZE, attributes, svg_said_line(&rest, i, line, sizeof line));
}

/* ---- the middle */

/* The head of an arrow: a triangle with its tip at the life line, turned as the line is. */
static void put_tip(FILE *out, const struct page *page, const struct svg_arrow *arrow)
{
    double dx = (arrow->x2 - arrow->x1), dy = (arrow->y2 - arrow->y1), length = dx < 0 ? -dx : dx, sum = 1;
    /* The length is a square root, by Newton's method: too little a reason to link the mathematics library. */
    for (int i = 0; i < 20; i++) {
        length = (length + (dx * dx + dy * dy) / length) / 2;
        sum = length;
    }
    double along_x = dx / sum, along_y = dy / sum, back = 9, side = 3.6;
    double x = arrow->x2 - along_x, y = row_y(page, arrow->y2) - along_y; /* the life line is 1.5 wide */
    const double points[][2] = {{x, y},
                                {x - back * along_x - side * along_y, y - back * along_y + side * along_x},
                                {x - back * along_x + side * along_y, y - back * along_y - side * along_x}};
    put_points(out, points, 3);
    fputs("/>\n", out);
}

static void put_arrow(FILE *out, const struct page *page, const struct svg_arrow *arrow)
{
    double y1 = row_y(page, arrow->y1), y2 = row_y(page, arrow->y2), arm = 6;
    put_line(out, arrow->x1, y1, arrow->x2, y2,
             arrow->once_more ? " stroke=\"#000\" stroke-width=\"1.2\" stroke-dasharray=\"5 3\""
                              : " stroke=\"#000\" stroke-width=\"1.2\"");
    if (arrow->end == ENDS_DELIVERED) {
        put_tip(out, page, arrow);
    } else if (arrow->end == ENDS_DROPPED) {
        put_line(out, arrow->x2 - arm, y2 - arm, arrow->x2 + arm, y2 + arm, " stroke=\"#000\" stroke-width=\"2.5\"");
        put_line(out, arrow->x2 - arm, y2 + arm, arrow->x2 + arm, y2 - arm, " stroke=\"#000\" stroke-width=\"2.5\"");
    } else {
        fputs("<circle", out);
        put_number(out, "cx", arrow->x2);
        put_number(out, "cy", y2);
        fputs(" r=\"3\" fill=\"#fff\" stroke=\"#000\" stroke-width=\"1.2\"/>\n", out);
    }
}

/* White under the letters: an arrow that runs through them is interrupted, not the words. Where a remark stands all is
 * white between the life lines. */
static void put_label_ground(FILE *out, const struct page *page, const struct svg_label *label)
{
    if (label->note) {
        put_box(out, SVG_CLIENT_X + 1, row_y(page, label->y) - SVG_NOTE_LINE / 2.0 - 0.5,
                SVG_SERVER_X - SVG_CLIENT_X - 2, SVG_NOTE_LINE + 1, " fill=\"#fff\"");
        return;
    }
    double half = label->size / 2.0, y = row_y(page, label->y), far = y + label->slope * (label->right - label->left);
    const double points[][2] = {{label->left - 1, y - half},
                                {label->right + 1, far - half},
                                {label->right + 1, far + half},
                                {label->left - 1, y + half}};
    put_points(out, points, 4);
    fputs(" fill=\"#fff\" fill-opacity=\"0.8\"/>\n", out);
}

/* The text, a packet's number in bold. */
static void put_numbered(FILE *out, const struct svg_label *label)
{
    const char *text = label->text;
    if (label->numbered) {
        int digits = (int)strspn(text, "0123456789");
        fprintf(out, "<tspan font-weight=\"bold\">%.*s</tspan>", digits, text);
        text += digits;
    }
    svg_put_escaped(out, text);
}

static void put_label(FILE *out, const struct page *page, const struct svg_label *label)
{
    double baseline = row_y(page, label->y) + label->size * 0.35;
    fprintf(out, "<text font-size=\"%d\"%s", label->size, label->bold ? " font-weight=\"bold\"" : "");
    if (label->slope < 0 || label->slope > 0) { /* sheared: what lies to the right is moved down */
        fputs(" transform=\"matrix(1 ", out);
        put_decimal(out, label->slope, 4);
        fputs(" 0 1 ", out);
        put_decimal(out, label->left, 1);
        fputc(' ', out);
        put_decimal(out, baseline, 1);
        fputs(")\">", out);
    } else {
        put_number(out, "x", label->left);
        put_number(out, "y", baseline);
        fputc('>', out);
    }
    put_numbered(out, label);
    fputs("</text>\n", out);
}

/* ---- the whole */

/* The legend from y downwards. Returns how many lines it has. With out == NULL it only counts. */
static int put_legend(FILE *out, const struct svg_view *view, const struct svg_figure *figure, double y)
{
    char line[SVG_LEGEND_SIZE];
    int count = 0;
    for (int number = 0; number < SVG_LEGEND_LINES; number++) {
        if (!svg_legend_line(view, figure, number, line))
            continue;
        if (out)
            put_text(out, SVG_MARGIN, y + LEGEND_LINE * count, SVG_SMALL_SIZE, " fill=\"#333\"", line);
        count++;
    }
    return count;
}

static struct page lay_out(const struct svg_view *view, const struct svg_figure *figure)
{
    struct page page = {.legend_lines = put_legend(NULL, view, figure, 0)};
    page.head = 16 + 20 * put_title(NULL, view->title);
    page.head_height = 26 + 12 * command_lines(view);
    page.rows = page.head + page.head_height + SVG_ROW;
    page.end = page.rows + SVG_ROW * (view->row + 1);
    page.height = page.end + 12 + LEGEND_LINE * page.legend_lines + SVG_MARGIN;
    return page;
}

void svg_draw(FILE *out, const struct svg_view *view, const struct svg_figure *figure)
{
    struct page page = lay_out(view, figure);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" role=\"img\" xml:space=\"preserve\"",
          out);
    fprintf(out, " width=\"%d\" height=\"%ld\" viewBox=\"0 0 %d %ld\"", SVG_WIDTH, (long)page.height, SVG_WIDTH,
            (long)page.height);
    fputs(" font-family=\"monospace\">\n", out);
    svg_put_description(out, view);
    put_box(out, 0, 0, SVG_WIDTH, page.height, " fill=\"#fff\""); /* on a dark page as well */
    put_title(out, view->title);
    for (enum host_id host = CLIENT; host < HOSTS; host++) {
        put_life_line(out, &page, host);
        put_head(out, view, &page, host);
    }
    for (size_t i = 0; i < figure->arrow_count; i++)
        put_arrow(out, &page, &figure->arrows[i]);
    for (size_t i = 0; i < figure->label_count; i++)
        put_label_ground(out, &page, &figure->labels[i]);
    for (size_t i = 0; i < figure->label_count; i++)
        put_label(out, &page, &figure->labels[i]);
    for (size_t i = 0; i < view->count; i++) {
        const struct svg_item *item = &view->items[i];
        if (item->kind == ITEM_STATE)
            put_state(out, view, &page, item);
        else if (item->kind == ITEM_COMMAND || item->kind == ITEM_OUTPUT || item->kind == ITEM_EXIT)
            put_said(out, &page, item);
    }
    put_legend(out, view, figure, page.end + 20);
    fputs("</svg>\n", out);
}

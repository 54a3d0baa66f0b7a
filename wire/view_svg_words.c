/* view_svg_words.c: what the figure says in words: the legend below it, and its description for those who listen to it
 * instead of looking.
 */
#include "view_svg_figure.h"

/* Text is UTF-8 without control characters here (view_text.h); these have a meaning in XML. */
void svg_put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out);
        }
    }
}

const char *svg_connection_text(const struct svg_view *view, int connection, char text[SVG_CONNECTION_SIZE])
{
    text[0] = '\0';
    if (view->connections > 1 && connection > 0)
        snprintf(text, SVG_CONNECTION_SIZE, "c%d ", connection);
    return text;
}

bool svg_legend_line(const struct svg_view *view, const struct svg_figure *figure, int number,
                     char line[SVG_LEGEND_SIZE])
{
    char more[SVG_LEGEND_SIZE];
    snprintf(more, sizeof more, "… the figure ends here: %lld more events, and how packets then on the wire went on.",
             view->left_out);
    const struct {
        bool wanted;
        const char *text;
    } lines[SVG_LEGEND_LINES] = {
        {view->left_out > 0, more},
        {true, "From top to bottom: the order of what happened, not the time. In boxes: a socket's new state, by "
               "netstat's name."},
        {figure->dropped, "An arrow that ends in a cross: the packet was dropped on the wire."},
        {figure->once_more, "A dashed arrow: the same packet, delivered once more."},
        {figure->held, "A stroke that ends in a circle: a packet that stays on the wire, or was sent again meanwhile."},
        {view->connections > 1, "c1, c2 ...: the connections, in the order in which they appeared."},
    };
    snprintf(line, SVG_LEGEND_SIZE, "%s", lines[number].text);
    return lines[number].wanted;
}

/* ---- for those who listen instead of looking */

static void put_words(FILE *out, const struct svg_view *view, const struct svg_item *item)
{
    const char *host = host_name(item->host);
    char connection[SVG_CONNECTION_SIZE];
    svg_connection_text(view, item->connection, connection);
    switch (item->kind) {
    case ITEM_CAME: fprintf(out, "Packet %d leaves the %s: %s", item->number, host, connection); break;
    case ITEM_DELIVERED:
        fprintf(out, "Packet %d reaches the %s%s.", item->number, host, item->once_more ? " again" : "");
        break;
    case ITEM_DROPPED: fprintf(out, "Packet %d is dropped. ", item->number); break;
    case ITEM_AGAIN: fprintf(out, "The %s: packet ", host); break;
    case ITEM_STATE: fprintf(out, "The %s is now in %s%s.", host, connection, event_state_name(item->state)); break;
    case ITEM_COMMAND:
    case ITEM_OUTPUT:
    case ITEM_EXIT: fprintf(out, "On the %s: ", host); break;
    case ITEM_NOTE:
    case ITEM_FAILED: break;
    }
    svg_put_escaped(out, item->text);
    fputc('\n', out);
}

void svg_put_description(FILE *out, const struct svg_view *view)
{
    fputs("<title>", out);
    svg_put_escaped(out, view->title[0] ? view->title : "Packets between a client and a server");
    fputs("</title>\n<desc>The packets between a client (left) and a server (right), from top to bottom in their "
          "order.\n",
          out);
    for (enum host_id host = CLIENT; host < HOSTS; host++) {
        if (view->command[host][0] == '\0')
            continue;
        fprintf(out, "On the %s: $ ", host_name(host));
        svg_put_escaped(out, view->command[host]);
        fputc('\n', out);
    }
    for (size_t i = 0; i < view->count; i++)
        put_words(out, view, &view->items[i]);
    fputs("</desc>\n", out);
}

/* views_test: one story, told event by event to the views that write files.
 *
 *     views_test          checks the files by what C can see: structure, order, no label on another
 *     views_test DIR      only writes them into DIR, for other programs to check (tests/wire_views.bats)
 */
#include "views_story.h"

#include "wire/view_svg_figure.h"
#include "wire/view_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures;

static void expect(bool good, const char *what)
{
    if (!good) {
        printf("views_test: %s\n", what);
        failures++;
    }
}

/* ---- what C can see */

/* No label meets another, and all stand between the life lines. */
static void check_labels(const struct svg_view *view, const char *what)
{
    struct svg_figure figure;
    int meet = 0, outside = 0;
    expect(svg_figure_make(&figure, view) == 0, what);
    for (size_t i = 0; i < figure.label_count; i++) {
        const struct svg_label *label = &figure.labels[i];
        outside += label->left < SVG_CLIENT_X || label->right > SVG_SERVER_X;
        for (size_t j = 0; j < i; j++)
            meet += svg_labels_meet(label, &figure.labels[j]);
    }
    if (meet > 0 || outside > 0) {
        printf("views_test: %s: %d labels meet, %d reach out\n", what, meet, outside);
        failures++;
    }
    svg_figure_free(&figure);
}

/* Blocks follow each other without a gap, begin and end with their length. Returns how many of that type there are. */
static int count_blocks(const char *path, uint32_t type)
{
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0, at = 0;
    int count = 0;
    while (at + 12 <= size) {
        uint32_t found, length, again;
        memcpy(&found, bytes + at, 4);
        memcpy(&length, bytes + at + 4, 4);
        if (length % 4 || length < 12 || length > size - at)
            break;
        memcpy(&again, bytes + at + length - 4, 4);
        if (again != length)
            break;
        at += length;
        count += found == type;
    }
    if (file)
        fclose(file);
    expect(at == size && size > 0, "pcapng: blocks are whole and follow each other");
    return count;
}

static void check_text(void)
{
    char line[40];
    const char *rest = "one two three";
    expect(strcmp(text_next_line(&rest, 9, line, sizeof line), "one two") == 0 && strcmp(rest, "three") == 0,
           "text: broken between words");
    expect(strcmp(text_on_one_line("abcdef", 4, line, sizeof line), "abc…") == 0, "text: too long");
    expect(strcmp(text_on_one_line("abcd", 4, line, sizeof line), "abcd") == 0, "text: just fits");
    expect(strcmp(text_on_one_line("a\tb\x01\xc3", 9, line, sizeof line), "a b\xef\xbf\xbd\xef\xbf\xbd") == 0,
           "text: what is no text");
    char full[6];
    expect(strcmp(text_on_one_line("abcdef", 100, full, sizeof full), "a…") == 0, "text: hardly any room");
}

/* A network in disorder, to see whether labels still keep apart; and more of it than a figure holds. */
static void check_disorder(const char *folder, int rounds)
{
    static struct story story;
    unsigned random = 1;
    expect(begin(&story, folder), "disorder: files are opened");
    for (int i = 0; i < rounds; i++) {
        random = random * 1103515245u + 12345u;
        int number = story.frames - (int)(random >> 16) % 12, dice = (int)(random >> 20) % 8;
        if (number < 1 || dice < 3)
            segment(&story, dice % 2 ? CLIENT : SERVER, FLAG_ACK, random, (unsigned)i, "some bytes");
        else if (dice == 3)
            say(&story, EVENT_NOTE, CLIENT,
                dice + i % 2 == 3
                    ? "a note that is so long that it needs a second line of the figure, or nearly"
                    : "a note of a teacher who has much to say: what each end knows by now, and what not; "
                      "what its program has been told, and which packet that was on the wire will tell "
                      "it more; who waits for whom, and which timer will end it if nothing comes");
        else if (dice == 4)
            say(&story, EVENT_OUTPUT, SERVER, "output");
        else
            fate(&story,
                 dice == 5   ? EVENT_AGAIN
                 : dice == 6 ? EVENT_DROPPED
                             : EVENT_DELIVERED,
                 number, (struct state_pair){{STATE_ESTABLISHED, STATE_ESTABLISHED}},
                 "for no reason, or for one that is long");
    }
    check_labels(&story.svg, "disorder");
    expect(story.svg.count <= SVG_ITEMS_MAX, "disorder: the figure is bounded");
    expect((story.svg.left_out > 0) == (rounds > SVG_ITEMS_MAX + SVG_ITEMS_MAX / 4),
           "disorder: what is left out is counted");
    expect(end(&story), "disorder: files are closed");
}

static void check_refusal(void)
{
    struct json_view json;
    struct svg_view svg;
    expect(view_json_open(&json, "/nowhere/at/all") == -1, "json: no such folder");
    expect(view_svg_open(&svg, "/nowhere/at/all") == -1, "svg: no such folder");
    if (view_json_open(&json, "/dev/full") == -1)
        return; /* only Linux has it */
    view_json(&json, &(struct event){.kind = EVENT_END, .text = ""});
    expect(json.failed && view_json_close(&json) == -1, "json: a full disk is remembered");
    struct pcapng_view pcapng;
    expect(view_pcapng_open(&pcapng, "/dev/full", 0, false) == -1, "pcapng: a full disk is told at once");
    expect(view_svg_open(&svg, "/dev/full") == 0 && view_svg_close(&svg) == -1, "svg: a full disk is told at the end");
}

int main(int argc, char **argv)
{
    static struct story story;
    char folder[] = "/tmp/views_test.XXXXXX", path[PATH_SIZE];
    const char *to = argc > 1 ? argv[1] : mkdtemp(folder);
    if (!to || !begin(&story, to)) {
        perror("views_test");
        return 1;
    }
    handshake(&story);
    data(&story);
    the_end(&story);
    another(&story);
    say(&story, EVENT_FAILED, CLIENT, hostile);
    say(&story, EVENT_END, CLIENT, "");
    check_labels(&story.svg, "the story");
    expect(end(&story), "the story's files are closed");
    if (argc > 1)
        return failures > 0;
    expect(count_blocks(path_of(folder, "story.pcapng", path), 6) == story.frames, "pcapng: each frame once");
    expect(count_blocks(path_of(folder, "both.pcapng", path), 6) > story.frames, "pcapng: and deliveries");
    expect(count_blocks(path_of(folder, "story.pcapng", path), 1) == 2, "pcapng: two interfaces");
    check_text();
    check_disorder(folder, 400);
    check_disorder(folder, 3 * SVG_ITEMS_MAX);
    check_refusal();
    static const char *const names[] = {"story.json", "story.pcapng", "both.pcapng", "story.svg"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(folder, names[i], path));
    rmdir(folder);
    return failures > 0;
}

#define _DEFAULT_SOURCE /* mkstemp comes with it */
#include "views.h"

#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The wall clock in microseconds. */
static long long wall_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* A file without a name. */
static int open_nameless(void)
{
    FILE *file = tmpfile();
    int fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
    if (file)
        fclose(file);
    return fd;
}

static int cant_write(const char *path)
{
    report_errno("write %s", strcmp(path, "-") == 0 ? "standard output" : path);
    return -1;
}

int views_open(struct views *views, const struct wire_options *options, struct wire *wire, bool keep_ladder)
{
    *views = (struct views){.kept = -1, .ladder = {.style = row_style_of_output()}};
    views->ladder.style.ascii |= options->ascii;
    bool shown = !json_on_output(options) || options->pace == PACE_STEP;
    views->has_ladder = shown && !options->screen && (!options->quiet || keep_ladder);
    if (views->has_ladder && options->quiet)
        views->kept = open_nameless();
    views->ladder.out = options->quiet ? views->kept : json_on_output(options) ? STDERR_FILENO : STDOUT_FILENO;
    if (views->ladder.out == -1)
        views->has_ladder = false;
    if (views->has_ladder)
        wire_add_view(wire, view_ladder, &views->ladder);
    if (options->json) {
        if (view_json_open(&views->json, options->json) == -1)
            return cant_write(options->json);
        views->has_json = true;
        wire_add_view(wire, view_json, &views->json);
    }
    if (options->capture) {
        if (view_pcapng_open(&views->capture, options->capture, wall_clock_us(), false) == -1)
            return cant_write(options->capture);
        views->has_capture = true;
        wire_add_view(wire, view_pcapng, &views->capture);
    }
    if (options->svg) {
        if (view_svg_open(&views->svg, options->svg) == -1)
            return cant_write(options->svg);
        views->has_svg = true;
        wire_add_view(wire, view_svg, &views->svg);
    }
    if (options->coverage)
        wire_add_view(wire, view_coverage, &views->coverage);
    return 0;
}

void views_show_kept(struct views *views)
{
    char bytes[4096];
    ssize_t got;
    if (views->kept == -1)
        return;
    off_t at = 0;
    while ((got = pread(views->kept, bytes, sizeof bytes, at)) > 0 &&
           await_write_all(STDOUT_FILENO, bytes, (size_t)got) == 0)
        at += got;
}

int views_close(struct views *views, const struct wire_options *options)
{
    int result = 0;
    if (views->kept != -1)
        close(views->kept);
    if (views->has_ladder && views->kept == -1 && views->ladder.failed && views->ladder.error != EPIPE) {
        errno = views->ladder.error;
        result = cant_write("-");
    }
    if (views->has_json && view_json_close(&views->json) == -1)
        result = cant_write(options->json);
    if (views->has_capture && view_pcapng_close(&views->capture) == -1)
        result = cant_write(options->capture);
    if (views->has_svg && view_svg_close(&views->svg) == -1)
        result = cant_write(options->svg);
    return result;
}

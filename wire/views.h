/* views.h: who looks on: the views that the options ask for, opened and closed together. */
#ifndef WIRE_VIEWS_H
#define WIRE_VIEWS_H

#include "core.h"
#include "options.h"
#include "view_coverage.h"
#include "view_json.h"
#include "view_ladder.h"
#include "view_pcapng.h"
#include "view_svg.h"

struct views {
    struct ladder_view ladder;
    struct json_view json;
    struct pcapng_view capture;
    struct svg_view svg;
    struct coverage coverage;
    bool has_ladder, has_json, has_capture, has_svg;
    int kept; /* a ladder that is shown only when something fails; -1 = none */
};

/* Opens what the options ask for and adds it to the wire. `keep_ladder`: with --quiet, it is written down for
 * views_show_kept. Returns 0, or -1 after a report. */
int views_open(struct views *views, const struct wire_options *options, struct wire *wire, bool keep_ladder);

/* Prints the ladder that was kept. */
void views_show_kept(struct views *views);

/* Finishes the files. Returns 0, or -1 after a report for what could not be written. */
int views_close(struct views *views, const struct wire_options *options);

#endif

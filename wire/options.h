/* options.h: what can be asked of wire on its command line. */
#ifndef WIRE_OPTIONS_H
#define WIRE_OPTIONS_H

#include "bad_network.h"
#include "event.h"

#include <stdbool.h>
#include <string.h>

enum pace {
    PACE_STEP, /* a person decides about each packet */
    PACE_PLAY, /* each packet is held for a moment and goes on by itself */
    PACE_FREE  /* each packet goes on at once, or as the bad network says */
};

struct wire_options {
    const char *commands[HOSTS][16]; /* --server, --client: each may be given several times */
    int command_count[HOSTS];
    enum pace pace;
    int play_ms;      /* PACE_PLAY: how long a packet is held */
    bool quiz;        /* asks before each delivery */
    bool screen;      /* PACE_STEP: by keys on a terminal, which then shows the ladder itself */
    const char *json; /* a file for the events; "-": standard output, which then has no ladder; or NULL */
    bool quiet;       /* nothing on standard output but the ladder of a script that fails, the score and the coverage */
    bool coverage;    /* ends in the state diagram and what of it was seen */
    bool ascii;       /* no line-drawing characters */
    bool own_timers;  /* the kernel's timers as they are, also while a person steps */
    const char *svg, *capture; /* files to write, or NULL */
    struct bad_network network;
    char **scripts; /* FILE.wire ... */
    int script_count;
};

/* Whether standard output belongs to the events. A ladder, for a person who steps, is then on standard error. */
static inline bool json_on_output(const struct wire_options *options)
{
    return options->json && strcmp(options->json, "-") == 0;
}

/* Fills `options`. Returns -1 to go on, or the exit status: of --help and --version, or of a wrong argument, which
 * has been reported. */
int parse_options(int argc, char **argv, struct wire_options *options);

#endif

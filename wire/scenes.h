/* scenes.h: .wire files, one after another, each on hosts of its own. */
#ifndef WIRE_SCENES_H
#define WIRE_SCENES_H

#include "options.h"

/* Plays all files of the options; each in a process of its own, since a process can leave its network only once.
 * Returns the exit status: 0 if all that they say came true. */
int play_scenes(const struct wire_options *options);

#endif

/* core_parts.h: what core.c and frames.c have from each other; nobody else's. */
#ifndef WIRE_CORE_PARTS_H
#define WIRE_CORE_PARTS_H

#include "core.h"

/* What happens without a frame (listen, a timer's end) is seen so late at most, in milliseconds. */
enum { LOOK_MS = 20 };

/* Tells what the last reading of the states has changed. */
void wire_tell_changes(struct wire *wire);

/* Takes the frames that a host has sent, at most a batch. */
void wire_take_frames(struct wire *wire, enum host_id from);

/* Delivers what a bad network has on its way and is due. */
void wire_deliver_due(struct wire *wire);

#endif

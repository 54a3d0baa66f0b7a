/* store.h: a file that gets its name only when it is whole. */
#ifndef FILE_RECV_STORE_H
#define FILE_RECV_STORE_H

#include "name.h"

#include <stdbool.h>

struct stored {
    int directory;             /* where its name will be; not ours to close */
    int fd;                    /* the content; -1 = nothing is stored */
    char temporary[NAME_SIZE]; /* the name it has meanwhile; "" = none, it vanishes with its last descriptor */
};

/* Removes temporary files that receivers which were killed have left in `directory`. */
void store_clean(int directory);

/* Whether a file of that name is in the way. */
bool store_exists(int directory, const char *name);

/* Makes an empty file without its name. Returns 0, or -1 with errno. */
int store_begin(struct stored *stored, int directory);

/* Writes all of `data`. Returns 0, or -1 with errno. */
int store_write(struct stored *stored, const char *data, size_t length);

/* From here on the content survives a power failure (fsync(2)). Returns 0, or -1 with errno. */
int store_sync(struct stored *stored);

/* Gives it its name, and makes that durable. Without `overwrite` an existing name is an error, EEXIST; in no case is
 * there a moment at which the name stands for half a file. Returns 0, or -1 with errno. */
int store_name(struct stored *stored, const char *name, bool overwrite);

/* Ends it: what has no name is gone. */
void store_end(struct stored *stored);

#endif

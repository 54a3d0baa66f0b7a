/* source.h: the file to be sent, and whether it stays what it was. */
#ifndef FILE_SEND_SOURCE_H
#define FILE_SEND_SOURCE_H

#include <stdbool.h>
#include <sys/stat.h>

struct source {
    const char *path;   /* as it was given */
    const char *name;   /* its last part: what goes over the wire */
    int fd;             /* -1 = not open */
    struct stat status; /* at the beginning */
};

/* Opens `path` for reading. Returns NULL, or why it can't be sent. */
const char *source_open(struct source *source, const char *path);

/* Whether the file is still what it was when it was opened: size and time of its last change (stat(2)). */
bool source_unchanged(const struct source *source);

void source_close(struct source *source);

#endif

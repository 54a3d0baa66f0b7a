#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_NAME = 255 };

/* The part behind the last '/'. */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What it is instead of a file. */
static const char *kind_problem(mode_t mode)
{
    if (S_ISDIR(mode))
        return "is a directory";
    if (S_ISFIFO(mode))
        return "is a FIFO: it has no size and no end of its own";
    if (S_ISSOCK(mode))
        return "is a socket";
    return S_ISREG(mode) ? NULL : "is a device";
}

const char *source_open(struct source *source, const char *path)
{
    *source = (struct source){.path = path, .name = last_part(path), .fd = -1};
    if (*path == '\0')
        return "the name is empty";
    /* Non-blocking: to open a FIFO that nobody writes to would wait for ever. Files don't mind. */
    source->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (source->fd == -1 && errno == ENXIO)
        return "is a socket, or a FIFO";
    if (source->fd == -1 || fstat(source->fd, &source->status) == -1)
        return strerror(errno);
    const char *problem = kind_problem(source->status.st_mode);
    if (problem)
        return problem;
    return strlen(source->name) > LONGEST_NAME ? "the name has more than 255 bytes" : NULL;
}

bool source_unchanged(const struct source *source)
{
    struct stat now;
    const struct stat *then = &source->status;
    return fstat(source->fd, &now) == 0 && now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

void source_close(struct source *source)
{
    if (source->fd != -1)
        close(source->fd);
    source->fd = -1;
}

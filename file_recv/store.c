/* store.c: O_TMPFILE and renameat2 are Linux; where the file system has no O_TMPFILE, a name of ours stands in. */
#define _GNU_SOURCE
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MODE = 0666 }; /* less the umask */

/* A temporary file whose maker lives is locked. */
static bool is_abandoned(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return false;
    bool abandoned = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return abandoned;
}

void store_clean(int directory)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy == -1 ? NULL : fdopendir(copy);
    if (list == NULL) {
        if (copy != -1)
            close(copy);
        return; /* a directory may be writable and not readable: nothing can be found there */
    }
    const struct dirent *entry;
    while ((entry = readdir(list)) != NULL)
        if (strncmp(entry->d_name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) == 0 &&
            is_abandoned(directory, entry->d_name))
            unlinkat(directory, entry->d_name, 0);
    closedir(list);
}

bool store_exists(int directory, const char *name)
{
    struct stat status;
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A name that nobody else takes: the process, and a clock that does not stand still. Always as long. */
static void make_temporary_name(char text[NAME_SIZE])
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, NAME_SIZE, TEMPORARY_PREFIX "%08lx-%08lx", (unsigned long)getpid(),
             (unsigned long)(now.tv_sec * 1000000000L + now.tv_nsec) & 0xffffffff);
}

static int begin_with_name(struct stored *stored)
{
    make_temporary_name(stored->temporary);
    stored->fd = openat(stored->directory, stored->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        MODE);
    if (stored->fd == -1)
        return -1;
    return flock(stored->fd, LOCK_EX | LOCK_NB); /* so that store_clean leaves it alone */
}

int store_begin(struct stored *stored, int directory)
{
    *stored = (struct stored){.directory = directory, .fd = -1};
    stored->fd = openat(directory, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, MODE);
    if (stored->fd != -1)
        return 0;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
        return -1;
    return begin_with_name(stored);
}

int store_write(struct stored *stored, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(stored->fd, data, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return -1;
        data += written;
        length -= (size_t)written;
    }
    return 0;
}

int store_sync(struct stored *stored)
{
    return fsync(stored->fd);
}

/* A first or a second name for the file; never in the place of another one (link(2)). */
static int link_as(const struct stored *stored, const char *name)
{
    char path[40];
    if (*stored->temporary)
        return linkat(stored->directory, stored->temporary, stored->directory, name, 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", stored->fd);
    return linkat(AT_FDCWD, path, stored->directory, name, AT_SYMLINK_FOLLOW);
}

/* Gives `name` to a file that has a temporary one. */
static int rename_to(struct stored *stored, const char *name, bool overwrite)
{
    int result = renameat2(stored->directory, stored->temporary, stored->directory, name,
                           overwrite ? 0 : RENAME_NOREPLACE);
    if (result == 0)
        stored->temporary[0] = '\0';
    return result;
}

int store_name(struct stored *stored, const char *name, bool overwrite)
{
    int result;
    if (overwrite && !*stored->temporary) { /* link can't replace, rename can: it needs a name to begin with */
        char temporary[NAME_SIZE];
        make_temporary_name(temporary);
        if (link_as(stored, temporary) == -1)
            return -1;
        memcpy(stored->temporary, temporary, sizeof temporary);
    }
    if (*stored->temporary)
        result = rename_to(stored, name, overwrite);
    else
        result = link_as(stored, name);
    if (result == -1 && errno == EINVAL && !overwrite && *stored->temporary) { /* no RENAME_NOREPLACE here */
        result = link_as(stored, name);
        if (result == 0) {
            unlinkat(stored->directory, stored->temporary, 0);
            stored->temporary[0] = '\0';
        }
    }
    return result == -1 ? -1 : fsync(stored->directory);
}

void store_end(struct stored *stored)
{
    if (stored->fd == -1)
        return;
    if (*stored->temporary)
        unlinkat(stored->directory, stored->temporary, 0);
    close(stored->fd);
    stored->fd = -1;
}

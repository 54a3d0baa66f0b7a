/* first_stat: what a program is told when it starts, and what stat tells about a file. It prints its arguments, for
 * each path the name without directories, the kind and the size, and then how many bytes there really were to read.
 *
 *     first_stat notes.txt shelf/book        see also: lesson 09's classic_send.c, which begins with these calls
 *
 * All paths are asked about before the first is opened: what happens to a file in between, stat cannot know.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int complain(const char *operation, const char *path)
{
    fprintf(stderr, "first_stat: %s %s: %s\n", operation, path, strerror(errno));
    return 1;
}

/* What follows the last slash; it points into path. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static const char *kind_of(mode_t mode)
{
    return S_ISREG(mode)    ? "regular file"
           : S_ISDIR(mode)  ? "directory"
           : S_ISFIFO(mode) ? "FIFO"
           : S_ISLNK(mode)  ? "symbolic link"
           : S_ISSOCK(mode) ? "socket"
                            : "device";
}

/* Returns 0, or 1 after an error. */
static int ask(const char *path)
{
    struct stat about, link;
    if (lstat(path, &link) == -1) /* the path itself */
        return complain("lstat", path);
    if (stat(path, &about) == -1) /* where it leads: links are followed */
        return complain("stat", path);
    printf("  name    \"%s\"\n", name_of(path));
    printf("  kind    %s%s\n", kind_of(about.st_mode), S_ISLNK(link.st_mode) ? ", by a symbolic link" : "");
    printf("  size    %lld\n", (long long)about.st_size);
    return 0;
}

/* Counts the bytes up to the end of file. Returns 0, or 1 after an error. */
static int count(const char *path)
{
    char buffer[4096];
    ssize_t got;
    long long total = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC); /* a FIFO: waits until somebody opens it for writing */
    if (file == -1)
        return complain("open", path);
    while ((got = read(file, buffer, sizeof buffer)) > 0)
        total += got;
    int failed = got == -1 ? complain("read", path) : 0;
    close(file);
    if (!failed)
        printf("%s: %lld to read\n", path, total);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, before stderr says something or open waits */
    for (int i = 0; i < argc; i++) {
        printf("argv[%d] = \"%s\"\n", i, argv[i]);
        if (i > 0)
            failed |= ask(argv[i]);
    }
    for (int i = 1; i < argc && !failed; i++)
        failed = count(argv[i]);
    return failed;
}

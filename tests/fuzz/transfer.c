/* transfer: libFuzzer on file_recv's side of a connection. Whatever a sender says, at most one file appears, it has a
 * name that is fit for one, and no temporary file stays. */
#define _GNU_SOURCE /* mkdtemp */
#include "common/report.h"
#include "file_recv/recv.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void check(bool good)
{
    if (!good)
        abort();
}

static char scratch[] = "/dev/shm/netstep-fuzz.XXXXXX"; /* in memory: a million files are made */

static void remove_scratch(void)
{
    rmdir(scratch);
}

static int scratch_directory(void)
{
    check(mkdtemp(scratch) != NULL);
    atexit(remove_scratch);
    return open(scratch, O_RDONLY | O_DIRECTORY);
}

/* The entries of a directory but "." and "..". */
static int count_entries(int directory)
{
    int count = 0;
    DIR *list = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY));
    check(list != NULL);
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(list);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int directory = -1;
    static char buffer[64];
    if (directory == -1)
        directory = scratch_directory();
    if (size == 0)
        return 0;
    report_as("fuzz");

    struct recv_options options = {.timeout_ms = 0, .max_size = data[0] & 4 ? 100 : -1, .buffer = sizeof buffer};
    options.classic = data[0] & 1;
    options.overwrite = data[0] & 2;
    options.name_wait_ms = data[0] & 8 ? 1 : 0;
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    check(write(ends[1], data + 1, size - 1) == (ssize_t)size - 1);
    shutdown(ends[1], SHUT_WR); /* and it never reads our answers: it can't be told whether it lives */

    struct transfer transfer = {.connection = ends[0]};
    receive_file(&transfer, directory, buffer, &options);
    close(ends[1]);
    struct stat status;
    bool kept = *transfer.kept_as;
    check(kept == (transfer.outcome == BELIEVED || transfer.outcome == UNCONFIRMED));
    if (kept) {
        check(strchr(transfer.kept_as, '/') == NULL && strlen(transfer.kept_as) < NAME_SIZE);
        check(transfer.outcome == UNCONFIRMED || strcmp(transfer.kept_as, transfer.name) == 0);
        check(fstatat(directory, transfer.kept_as, &status, AT_SYMLINK_NOFOLLOW) == 0);
        check(S_ISREG(status.st_mode) && status.st_size == transfer.bytes);
        check(unlinkat(directory, transfer.kept_as, 0) == 0);
    }
    check(count_entries(directory) == 0);
    return 0;
}

/* store_test: the file without a name, and the one with a temporary name where the file system has no other. */
/* Its inside is looked at: what it does where the file system has no O_TMPFILE. It comes first, for its feature macro.
 */
#include "file_recv/store.c" /* NOLINT(bugprone-suspicious-include) */

#include "file_recv/name.c" /* NOLINT(bugprone-suspicious-include) */

#include <stdlib.h>

static int failures;

static void check(int good, const char *what)
{
    if (!good) {
        printf("store_test: %s (errno %d)\n", what, errno);
        failures++;
    }
}

static int count_entries(int directory)
{
    int count = 0;
    DIR *list = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY));
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;)
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(list);
    return count;
}

static int has(int directory, const char *name, const char *content)
{
    char text[20] = "";
    int fd = openat(directory, name, O_RDONLY);
    ssize_t got = fd == -1 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    return got == (ssize_t)strlen(content) && strcmp(text, content) == 0;
}

static int begin(struct stored *stored, int directory, bool with_name)
{
    if (!with_name)
        return store_begin(stored, directory);
    *stored = (struct stored){.directory = directory, .fd = -1};
    return begin_with_name(stored);
}

static void check_kind(int directory, bool with_name)
{
    struct stored stored;
    check(begin(&stored, directory, with_name) == 0, "begin");
    check(store_write(&stored, "one", 3) == 0 && store_sync(&stored) == 0, "write");
    check(!store_exists(directory, "name"), "no name yet");
    store_clean(directory); /* what is being written is not abandoned */
    check(store_name(&stored, "name", false) == 0, "name");
    store_end(&stored);
    check(has(directory, "name", "one") && count_entries(directory) == 1, "one file");

    check(begin(&stored, directory, with_name) == 0 && store_write(&stored, "two", 3) == 0, "a second one");
    check(store_name(&stored, "name", false) == -1 && errno == EEXIST, "the name exists");
    check(has(directory, "name", "one"), "the first one is untouched");
    check(store_name(&stored, "name", true) == 0, "overwrite");
    store_end(&stored);
    check(has(directory, "name", "two") && count_entries(directory) == 1, "the second one in its place");

    check(begin(&stored, directory, with_name) == 0 && store_write(&stored, "three", 5) == 0, "a third one");
    store_end(&stored);
    check(count_entries(directory) == 1, "what has no name is gone");

    /* As a killed receiver leaves it. */
    check(begin(&stored, directory, true) == 0, "one to be abandoned");
    close(stored.fd);
    check(count_entries(directory) == 2, "abandoned");
    store_clean(directory);
    check(count_entries(directory) == 1, "cleaned");
    unlinkat(directory, "name", 0);
}

int main(void)
{
    char path[] = "/tmp/netstep-store.XXXXXX";
    if (mkdtemp(path) == NULL)
        return 1;
    int directory = open(path, O_RDONLY | O_DIRECTORY);
    check_kind(directory, false);
    check_kind(directory, true);
    check(unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == 0, "the directory is empty");
    return failures > 0;
}

/* owners.c: a socket's descriptor is a link in /proc/PID/fd that reads "socket:[INODE]". Linux only. */
#include "owners.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add_owner(struct owners *owners, uint64_t inode, long pid, const char *program)
{
    if (owners->count == owners->room) {
        size_t room = owners->room ? owners->room * 2 : 256;
        struct owner *list = realloc(owners->list, room * sizeof *list);
        if (list == NULL)
            return -1;
        owners->list = list;
        owners->room = room;
    }
    struct owner *owner = &owners->list[owners->count++];
    owner->inode = inode;
    owner->pid = pid;
    snprintf(owner->program, sizeof owner->program, "%s", program);
    return 0;
}

/* The process's short name; "?" if it has just ended. */
static void read_program(long pid, char program[16])
{
    char path[40];
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *file = fopen(path, "re");
    strcpy(program, "?");
    if (file == NULL)
        return;
    if (fgets(program, 16, file))
        program[strcspn(program, "\n")] = '\0';
    fclose(file);
}

/* Adds the sockets of one process. One that has ended meanwhile has none. */
static int read_process(struct owners *owners, long pid)
{
    char path[40], program[16], link[64];
    snprintf(path, sizeof path, "/proc/%ld/fd", pid);
    DIR *descriptors = opendir(path);
    if (descriptors == NULL) {
        if (errno == EACCES || errno == EPERM)
            owners->all_seen = false;
        return errno == EMFILE || errno == ENFILE ? -1 : 0;
    }
    read_program(pid, program);
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(descriptors)) != NULL) {
        ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, link, sizeof link - 1);
        uint64_t inode;
        if (length <= 0)
            continue;
        link[length] = '\0';
        if (sscanf(link, "socket:[%" SCNu64 "]", &inode) == 1)
            result = add_owner(owners, inode, pid, program);
    }
    closedir(descriptors);
    return result;
}

static int compare_owners(const void *a, const void *b)
{
    const struct owner *first = a, *second = b;
    if (first->inode != second->inode)
        return first->inode < second->inode ? -1 : 1;
    return first->pid < second->pid ? -1 : first->pid > second->pid;
}

int owners_read(struct owners *owners)
{
    *owners = (struct owners){.all_seen = true};
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return -1;
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(processes)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            result = read_process(owners, strtol(entry->d_name, NULL, 10));
    closedir(processes);
    if (owners->count > 0)
        qsort(owners->list, owners->count, sizeof owners->list[0], compare_owners);
    return result;
}

const char *owners_find(const struct owners *owners, uint64_t inode, char text[40])
{
    size_t low = 0, high = owners->count;
    while (low < high) { /* the first entry that is not below `inode` */
        size_t middle = low + (high - low) / 2;
        if (owners->list[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    if (inode == 0 || low == owners->count || owners->list[low].inode != inode)
        return NULL;
    snprintf(text, 40, "%ld/%s", owners->list[low].pid, owners->list[low].program);
    return text;
}

void owners_free(struct owners *owners)
{
    free(owners->list);
    owners->list = NULL;
    owners->count = owners->room = 0;
}

/* owners.h: which process has which socket (what netstat -p shows). */
#ifndef TCPSTATE_OWNERS_H
#define TCPSTATE_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct owner {
    uint64_t inode;
    long pid;
    char program[16]; /* as the kernel has it: at most 15 characters */
};

struct owners {
    struct owner *list; /* sorted by inode */
    size_t count, room;
    bool all_seen; /* false: other users' processes could not be looked at */
};

/* Looks through /proc/PID/fd of every process that we may look at (proc(5)). Linux only.
 * Returns 0, or -1 with errno; the caller frees with owners_free() in both cases. */
int owners_read(struct owners *owners);

/* Writes "1234/tcp_server" into `text` and returns it; NULL when no process that we can see has that socket. Of several
 * processes that share it, the one with the lowest number. */
const char *owners_find(const struct owners *owners, uint64_t inode, char text[40]);

void owners_free(struct owners *owners);

#endif

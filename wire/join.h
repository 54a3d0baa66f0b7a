/* join.h: from another terminal to a host of a wire that runs: `wire sh HOST`, `wire netstat HOST`.
 *
 * A wire listens on a socket with an abstract name (unix(7)), "netstep-wire/UID/PID", in the machine's network; it
 * vanishes with the wire, however that ends. Who connects is handed descriptors of the namespaces at once and says
 * nothing, so that nobody can hold up the wire. Both sides look who the other is (SO_PEERCRED), and the kernel itself
 * lets nobody but the wire's user and root enter those namespaces (setns(2)).
 */
#ifndef WIRE_JOIN_H
#define WIRE_JOIN_H

#include "hosts.h"

#include <stdbool.h>
#include <sys/types.h>

/* The wire's side. Opens that socket: called while we still are in the machine's network. Returns it, or -1: then
 * nobody can join, and that is all. */
int join_listen(void);

/* Somebody has connected: answers a few of those who wait. Never blocks. */
void join_answer(int listen_fd, const struct hosts *hosts);

/* What the one who joins is given. */
struct way {
    pid_t wire;         /* its process */
    bool together;      /* programs run on the wire's processor (placing.h) */
    int network[HOSTS]; /* namespaces, as in struct hosts */
    int pids;
    int users; /* -1 where the wire is root's and has none */
};

/* The other side. Finds the wire with process id `of`, or the only one that runs if `of` is 0, and fills `way`.
 * Returns 0, or -1 after a report. */
int join_ask(pid_t of, struct way *way);

/* `wire sh ...` and `wire netstat ...`: argv[0] is "sh" or "netstat". Returns the exit status. */
int join_main(int argc, char **argv);

#endif

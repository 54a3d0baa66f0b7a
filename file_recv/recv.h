/* recv.h: the parts of file_recv. */
#ifndef FILE_RECV_RECV_H
#define FILE_RECV_RECV_H

#include "common/address.h"
#include "name.h"
#include "options.h"

#include <stdbool.h>

/* What became of a transfer. */
enum outcome {
    CONFIRMED,   /* whole, on disk, under its name */
    BELIEVED,    /* the same, if the sender was a classic one (--classic) */
    UNCONFIRMED, /* it may be whole: kept as NAME.unconfirmed */
    REFUSED,     /* by us, and the sender was told why */
    LOST         /* the sender reset the connection, was silent, or left without a name; or a stop signal came */
};

/* One connection. */
struct transfer {
    int connection; /* ours to close */
    char peer[ADDRESS_TEXT_SIZE];
    char name[NAME_SIZE];    /* "" as long as none has come */
    char kept_as[NAME_SIZE]; /* the name under which the file is here; "" = it is not */
    long long bytes;         /* of the content */
    long long began_us;
    enum outcome outcome;
    char reason[160]; /* why it is not CONFIRMED, or a warning */
};

/* transfer.c: receives one file from transfer->connection into the directory, by the "ok" protocol, and closes the
 * connection. `buffer` has options->buffer bytes. */
void receive_file(struct transfer *transfer, int directory, char *buffer, const struct recv_options *options);

/* outcome.c: tells what became of it: a line, or an object with --json. */
void tell_outcome(const struct transfer *transfer, const struct recv_options *options);

/* workers.c: serves senders, each by a process of its own, until a stop signal comes. Closes listen_fd then and
 * returns the exit status. */
int serve_many(int listen_fd, int directory, const struct recv_options *options);

/* workers.c: accepts one connection and receives its file. Returns -1 if none was there, because `limit_ms` were over,
 * a stop signal came, or accept failed for good, which is reported; else the transfer's outcome. `serving`, if any, is
 * called when a connection has been accepted. */
int serve_one(int listen_fd, int directory, char *buffer, int limit_ms, const struct recv_options *options,
              void (*serving)(void *context), void *context);

#endif

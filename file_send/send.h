/* send.h: the parts of file_send. */
#ifndef FILE_SEND_SEND_H
#define FILE_SEND_SEND_H

#include "options.h"
#include "source.h"

#include <netdb.h>
#include <stdbool.h>

/* What became of a file; in the order in which they spoil the exit status. */
enum outcome {
    CONFIRMED,   /* on the other side's disk, under its name */
    UNCONFIRMED, /* all is sent */
    FAILED       /* by a reason that has been set */
};

/* One file on its way. */
struct transfer {
    const struct send_options *options;
    struct source source;
    int connection; /* -1 = none */
    char *buffer;   /* options->buffer bytes, for --copy read; not ours to free */
    long long sent; /* bytes of the content */
    long long began_us;
    long long shown_us; /* when progress was shown last; 0 = never */
    enum outcome outcome;
    char reason[1200]; /* why it is not CONFIRMED */
};

/* Sets the outcome FAILED with a reason, printf-like. Returns false. */
bool transfer_failed(struct transfer *transfer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* connect.c: connects to the first of `receivers` that answers. Returns whether one did. */
bool connect_to_receiver(struct transfer *transfer, const struct addrinfo *receivers);

/* protocol.c: the "ok" protocol on an open connection: name, ok, content, FIN, ok. Returns whether it was CONFIRMED. */
bool send_file(struct transfer *transfer);

/* content.c: sends the content. Returns whether all of it went, and the file did not change meanwhile. */
bool send_content(struct transfer *transfer);

/* protocol.c: what the receiver says instead of "ok" becomes the reason of a failure. Returns false. */
bool fail_by_answer(struct transfer *transfer, const char *fallback);

/* progress.c: on a terminal how far it is, a few times a second; the end takes it away. */
void show_progress(struct transfer *transfer);
void end_progress(struct transfer *transfer);

/* progress.c: tells what became of the file: a line, or an object with --json. */
void tell_outcome(const struct transfer *transfer);

#endif

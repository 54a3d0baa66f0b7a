/* options.h: what can be asked of file_send on its command line. */
#ifndef FILE_SEND_OPTIONS_H
#define FILE_SEND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct send_options {
    const char *host;
    uint16_t port;
    char **files; /* the operands behind PORT */
    int file_count;
    bool classic;   /* --classic, a receiver that does not confirm is good enough */
    bool copy_read; /* --copy read, the loop of the lesson instead of sendfile(2) */
    int buffer;     /* --buffer, bytes of that loop's buffer */
    int timeout_ms; /* --timeout, how long the receiver may be silent; -1 = for ever */
    int confirm_ms; /* --confirm, how long it may take to put all on its disk; -1 = for ever */
    bool json;      /* --json, an object a file */
    bool quiet;     /* --quiet, no line a file, no progress */
};

/* Fills `options`. Returns -1 to go on, or the exit status: of --help and --version, or of a wrong argument, which
 * has been reported. */
int parse_options(int argc, char **argv, struct send_options *options);

#endif

/* options.h: what can be asked of file_recv on its command line. */
#ifndef FILE_RECV_OPTIONS_H
#define FILE_RECV_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recv_options {
    const char *bind_host; /* -b, where to listen */
    uint16_t port;         /* 0 = any free port */
    const char *directory; /* -d, where files go */
    bool once;             /* --once, end after one transfer */
    bool classic;          /* --classic, a sender that is gone after its FIN is believed */
    bool overwrite;        /* --overwrite, a file of that name is replaced */
    long long max_size;    /* --max-size, bytes a file may have; -1 = no limit */
    int timeout_ms;        /* --timeout, how long a sender may be silent; -1 = for ever */
    int name_wait_ms;      /* --name-wait, how long it is quiet after a name; 0 = the first read is the name */
    int max_senders;       /* --max-senders, how many at once; the others wait in the accept queue */
    int buffer;            /* --buffer, bytes a read may take */
    bool json;             /* --json, an object a transfer */
    bool quiet;            /* --quiet, nothing but the line "listening on" and errors */
};

/* Fills `options`. Returns -1 to go on, or the exit status: of --help and --version, or of a wrong argument, which
 * has been reported. */
int parse_options(int argc, char **argv, struct recv_options *options);

#endif

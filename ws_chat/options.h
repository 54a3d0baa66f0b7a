/* options.h: what can be asked of ws_chat on its command line and in its configuration file. */
#ifndef WS_CHAT_OPTIONS_H
#define WS_CHAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What becomes of a client that does not read what it is sent. */
enum slow_policy { SLOW_EVICT, SLOW_DROP, SLOW_BLOCK };

enum { ORIGINS_MAX = 16 };

struct chat_options {
    const char *config;               /* -c, the configuration file; NULL = none */
    const char *bind_host;            /* -b, where to listen */
    uint16_t port;                    /* 0 = any free port */
    const char *origins[ORIGINS_MAX]; /* --origin, whose pages may connect besides ours */
    size_t origin_count;
    int clients;           /* --clients, connections at once */
    int message_bytes;     /* --message, the longest message that is taken */
    int head_bytes;        /* --headers, the longest head of a request */
    int queue_bytes;       /* --queue, what may wait for one client */
    enum slow_policy slow; /* --slow, when more than that would wait */
    int head_ms;           /* --header-timeout, for a whole request */
    int ping_ms;           /* --ping, silence before we ask, and again until we give up; 0 = never */
    int close_ms;          /* --close-timeout, for the other end's part of the closing */
    const char *connect;   /* --connect, the URL of a room: we are a client; NULL = we are the server */
    bool trace;            /* --trace, a line for each frame */
    bool quiet;            /* -q, only the line "listening on" */
    char *config_text;     /* the configuration's words; into it the pointers above may point */
};

/* Fills `options`. Returns -1 to go on, or the exit status: of --help and --version, or of a wrong argument, which
 * has been reported. To be given to free_options in every case. */
int parse_options(int argc, char **argv, struct chat_options *options);
void free_options(struct chat_options *options);

/* Sets what the configuration calls `word`; `shown` is its name for whoever reads that the value is wrong.
 * Returns false after one line on stderr, or, with *known false, when there is no such word. */
bool set_option(const char *word, const char *shown, const char *value, struct chat_options *options, bool *known);

/* Reads the configuration file. Returns EXIT_DONE, or the exit status after one line on stderr. */
int read_config(const char *path, struct chat_options *options);

#endif

/* command.h: programs on the hosts. Any program, in any language: it sees one host's network and everything else as we
 * do, its files are the user's own.
 */
#ifndef WIRE_COMMAND_H
#define WIRE_COMMAND_H

#include "event.h"
#include "hosts.h"

#include <stdbool.h>
#include <sys/types.h>

enum { LINE_SIZE = 512, COMMANDS_MAX = 32 };

struct command {
    enum host_id host;
    int number; /* 1, 2 ... on that host */
    pid_t pid;  /* and its process group */
    int output; /* what it prints, on a terminal of its own, so that it prints line by line; -1 = it has closed it */
    int input;  /* its standard input; -1 = closed */
    bool ended;
    int status;           /* as waitpid(2) has it, once it has ended */
    char line[LINE_SIZE]; /* the beginning of a line whose end has not come yet */
    size_t length;
    int lines; /* so many have been told */
};

/* Starts `text` by the shell on a host; its input is a pipe (`with_input`) or empty. Returns once it is the shell, or
 * the program itself: 0; or -1 with errno, also where `text` is one program with its arguments and there is no such
 * one. */
int command_start(struct command *command, const struct hosts *hosts, enum host_id host, const char *text,
                  bool with_input);

/* Reads what it has printed, and gives `line` to each whole line (without its end; what is not printable is replaced).
 * A line without an end is given when `ended`. Closes the output at its end. */
typedef void line_fn(void *context, struct command *command, const char *line);
void command_read(struct command *command, bool ended, line_fn *line, void *context);

/* Closes its standard input, if that is open. */
void command_close_input(struct command *command);

/* "exit status 0" or "killed by signal 9 (Killed)". Returns text. */
enum { ENDED_TEXT_SIZE = 64 };
const char *command_ended_text(int status, char text[ENDED_TEXT_SIZE]);

/* In a new process: goes to the host whose network namespace is given and becomes argv there; the terminal, input and
 * output are as they are. Returns only with an error. */
void become_on_host(int network, const char *name, char *const argv[]);

/* Ctrl-C's signal and so on as they were before we set them: for the processes that we start. */
void reset_signals(void);

#endif

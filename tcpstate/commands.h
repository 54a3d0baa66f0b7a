/* commands.h: tcpstate's subcommands. Each is a small program: it takes its own options from argv, where argv[0] is the
 * program's name, and returns the exit status (0 done, 1 the world refused, 2 wrong arguments). */
#ifndef TCPSTATE_COMMANDS_H
#define TCPSTATE_COMMANDS_H

typedef int command_fn(int argc, char **argv);

command_fn list_command;    /* list.c: the kernel's sockets as netstat prints them, once */
command_fn watch_command;   /* watch.c: every change, as it happens */
command_fn wait_command;    /* wait.c: until a socket is in a state */
command_fn diagram_command; /* diagram.c: RFC 9293's figure 5, live with --port */
command_fn hold_command;    /* hold.c: a real socket in any state, and it stays there */
command_fn tour_command;    /* tour.c: real connections through every path */
command_fn explain_command; /* explain.c: what a state means */

#endif

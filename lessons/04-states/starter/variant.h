/* Your variant of the task: the server answers each byte b with (b + SHIFT) mod 256. With 0 it is an echo. */
#define SHIFT 0

/* Your variant, too: the state to which the server brings the connection of a client that sends ASK. If you have no
 * seed it is "none", and nobody asks. */
#define STATE "none"
#define ASK "state?"

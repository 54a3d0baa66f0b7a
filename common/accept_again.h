/* accept_again.h: what a server does when accept(2) has failed. */
#ifndef NETSTEP_ACCEPT_AGAIN_H
#define NETSTEP_ACCEPT_AGAIN_H

#include <stdbool.h>

/* By errno: says what happened, once while *already_said is kept, and, where it will pass, waits a moment.
 * Returns whether to accept again. */
bool accept_again(bool *already_said);

/* The same without waiting, for a loop that has others to serve meanwhile: returns the milliseconds after which to
 * accept again (0: at once), or -1 for never. */
int accept_delay_ms(bool *already_said);

#endif

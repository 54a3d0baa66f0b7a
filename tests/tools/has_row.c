/* has_row PORT [STATE]: does the kernel show a TCP socket with PORT at either end, in STATE (as netstat spells it; with
 * "!" before it: in any other)? Exit status 0: yes, 1: no, 2: a wrong argument or no answer.
 *
 * Tests ask again and again until a state is there. This asks the shared reader, by sock_diag(7), in an eighth of the
 * time that netstat takes; netstat is asked once then, as the second witness.
 */
#include "common/number.h"
#include "common/socket_table.h"
#include "common/tcp_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int found(const struct socket_row *row, void *context)
{
    (void)row;
    (void)context;
    return 1;
}

int main(int count, char *words[])
{
    struct socket_table table;
    struct socket_filter filter = {0};
    if (count < 2 || count > 3 || parse_port(words[1], &filter.port) != NULL) {
        fprintf(stderr, "usage: has_row PORT [STATE]\n");
        return 2;
    }
    if (count == 3) {
        enum tcp_state state = state_from_name(words[2] + (words[2][0] == '!'));
        if (state == STATE_NONE) {
            fprintf(stderr, "has_row: there is no state '%s'\n", words[2]);
            return 2;
        }
        filter.states = words[2][0] == '!' ? ~(1u << state) : 1u << state;
    }
    if (socket_table_open(&table) == -1) {
        fprintf(stderr, "has_row: the kernel's table: %s\n", strerror(errno));
        return 2;
    }
    int shown = socket_table_read(&table, &filter, found, NULL);
    if (shown == -1)
        fprintf(stderr, "has_row: the kernel's table: %s\n", strerror(errno));
    socket_table_close(&table);
    return shown == -1 ? 2 : shown == 1 ? 0 : 1;
}

#include "common/transitions.h"

#include <stdbool.h>
#include <string.h>

const struct transition transitions[TRANSITION_COUNT] = {
    {STATE_CLOSED, STATE_LISTEN, "passive OPEN", "create TCB"},
    {STATE_CLOSED, STATE_SYN_SENT, "active OPEN", "create TCB, snd SYN"},
    {STATE_LISTEN, STATE_CLOSED, "CLOSE", "delete TCB"},
    {STATE_LISTEN, STATE_SYN_RECV, "rcv SYN", "snd SYN,ACK"},
    {STATE_LISTEN, STATE_SYN_SENT, "SEND", "snd SYN"}, /* the sockets API has no call for this one */
    {STATE_SYN_SENT, STATE_CLOSED, "CLOSE", "delete TCB"},
    {STATE_SYN_SENT, STATE_SYN_RECV, "rcv SYN", "snd SYN,ACK"},
    {STATE_SYN_SENT, STATE_ESTABLISHED, "rcv SYN,ACK", "snd ACK"},
    {STATE_SYN_RECV, STATE_LISTEN, "rcv RST", ""}, /* note 1; on Linux the row vanishes, LISTEN never moved */
    {STATE_SYN_RECV, STATE_ESTABLISHED, "rcv ACK of SYN", ""},
    {STATE_SYN_RECV, STATE_FIN_WAIT1, "CLOSE", "snd FIN"},
    {STATE_ESTABLISHED, STATE_FIN_WAIT1, "CLOSE", "snd FIN"},
    {STATE_ESTABLISHED, STATE_CLOSE_WAIT, "rcv FIN", "snd ACK"},
    {STATE_FIN_WAIT1, STATE_FIN_WAIT2, "rcv ACK of FIN", ""},
    {STATE_FIN_WAIT1, STATE_CLOSING, "rcv FIN", "snd ACK"},
    {STATE_CLOSE_WAIT, STATE_LAST_ACK, "CLOSE", "snd FIN"},
    {STATE_FIN_WAIT2, STATE_TIME_WAIT, "rcv FIN", "snd ACK"},
    {STATE_CLOSING, STATE_TIME_WAIT, "rcv ACK of FIN", ""},
    {STATE_LAST_ACK, STATE_CLOSED, "rcv ACK of FIN", ""},
    {STATE_TIME_WAIT, STATE_CLOSED, "Timeout=2MSL", "delete TCB"},
    {STATE_FIN_WAIT1, STATE_TIME_WAIT, "rcv FIN,ACK of FIN", "snd ACK"}, /* note 2 */
};

const struct transition *transition_between(enum tcp_state from, enum tcp_state to)
{
    for (int i = 0; i < TRANSITION_COUNT; i++)
        if (transitions[i].from == from && transitions[i].to == to)
            return &transitions[i];
    return NULL;
}

/* An arrow that an ordinary connection does not take: LISTEN -> SYN-SENT has no call in the sockets API, and the other
 * two are the simultaneous open and a close in the middle of it. */
static bool is_rare(const struct transition *arrow)
{
    return (arrow->from == STATE_LISTEN && arrow->to == STATE_SYN_SENT) ||
           (arrow->from == STATE_SYN_SENT && arrow->to == STATE_SYN_RECV) ||
           (arrow->from == STATE_SYN_RECV && arrow->to == STATE_FIN_WAIT1);
}

/* Breadth first: `came_from` of each state is the state before it on a shortest path from `from`. */
static void search(enum tcp_state from, bool rare_too, enum tcp_state came_from[STATE_COUNT])
{
    memset(came_from, 0, STATE_COUNT * sizeof came_from[0]); /* STATE_NONE */
    enum tcp_state queue[STATE_COUNT];
    int first = 0, last = 0;
    queue[last++] = from;
    came_from[from] = from;
    while (first < last) {
        enum tcp_state here = queue[first++];
        for (int i = 0; i < TRANSITION_COUNT; i++) {
            enum tcp_state next = transitions[i].to;
            if (transitions[i].from == here && came_from[next] == STATE_NONE &&
                (rare_too || !is_rare(&transitions[i]))) {
                came_from[next] = here;
                queue[last++] = next;
            }
        }
    }
}

int transition_path(enum tcp_state from, enum tcp_state to, enum tcp_state between[STATE_COUNT])
{
    enum tcp_state came_from[STATE_COUNT];
    if (from == to)
        return -1;
    if (transition_between(from, to))
        return 0;
    search(from, false, came_from);
    if (came_from[to] == STATE_NONE)
        search(from, true, came_from);
    if (came_from[to] == STATE_NONE)
        return -1;
    int count = 0;
    for (enum tcp_state state = came_from[to]; state != from; state = came_from[state])
        count++;
    int at = count;
    for (enum tcp_state state = came_from[to]; state != from; state = came_from[state])
        between[--at] = state;
    return count;
}

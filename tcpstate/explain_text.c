/* explain_text.c: nothing but texts; the numbers are Linux's. */
#include "explain_text.h"

const enum tcp_state states_in_order[11] = {
    STATE_CLOSED,    STATE_LISTEN,  STATE_SYN_SENT,  STATE_SYN_RECV,   STATE_ESTABLISHED, STATE_FIN_WAIT1,
    STATE_FIN_WAIT2, STATE_CLOSING, STATE_TIME_WAIT, STATE_CLOSE_WAIT, STATE_LAST_ACK,
};

#define NEXT "\n         "

static const struct explanation explanations[STATE_COUNT] = {
    [STATE_CLOSED] =
        {
            .line = "no connection: there is no row in netstat",
            .meaning = "There is no connection; the RFC calls it fictional. A socket that is" NEXT
                       "new or only bound, or a connection that is over, is in no list.",
            .who = "Every socket before listen or connect, every pair of ports unused.",
            .ends = "listen (passive OPEN) or connect (active OPEN).",
            .look = "No row. A SYN to a port where nothing listens is answered with RST.",
            .suspect = "If a row should be there: the program ended, or never came to listen.",
            .lesson = "04",
        },
    [STATE_LISTEN] =
        {
            .line = "a server waits for connections; the kernel answers SYNs for it",
            .meaning = "Waits for SYNs. The kernel completes handshakes by itself and keeps" NEXT
                       "finished connections in the accept queue.",
            .who = "A server's socket after listen. It never becomes a connection itself:" NEXT
                   "on Linux each connection gets a row of its own beside it.",
            .ends = "close, or the end of the process.",
            .look = "Recv-Q counts connections that wait for accept, not bytes. The foreign" NEXT
                    "address is 0.0.0.0:* (nobody yet).",
            .suspect = "Recv-Q that stays high: the program is too slow to call accept, or" NEXT "hangs.",
            .lesson = "01, 02",
        },
    [STATE_SYN_SENT] =
        {
            .line = "our SYN is sent, nothing has come back",
            .meaning = "connect has sent a SYN and waits for SYN+ACK.",
            .who = "A client inside connect.",
            .ends = "SYN+ACK (ESTABLISHED), RST (refused), or no answer: Linux sends the SYN" NEXT
                    "again after 1, 2, 3, 4, 5, 7, 11, 19, 35 and 67 s (before 6.5: 1, 3, 7," NEXT
                    "15, 31, 63 s), and a minute later connect fails with ETIMEDOUT.",
            .look = "Send-Q is 1: the SYN counts as one byte until it is acknowledged.",
            .suspect = "A filter that drops, a host that is off, or a server whose accept" NEXT
                       "queue is full. On one machine: a scan.",
            .lesson = "02",
        },
    [STATE_SYN_RECV] =
        {
            .line = "SYN came, SYN+ACK is sent, the ACK is missing",
            .meaning = "The kernel of the server has answered a SYN and waits for the ACK.",
            .who = "The server's end for one round trip; no process has it yet (netstat -p" NEXT
                   "shows -). Both ends in a simultaneous open.",
            .ends = "The ACK (ESTABLISHED); RST, or about a minute without an ACK: the row" NEXT
                    "vanishes, and LISTEN has never moved.",
            .look = "Rare: it lasts one round trip. On loopback only if it is held.",
            .suspect = "A SYN flood (many foreign addresses), or answers that get lost on" NEXT
                       "their way to the clients.",
            .lesson = "02",
        },
    [STATE_ESTABLISHED] =
        {
            .line = "the connection is open in both directions",
            .meaning = "Both directions are open: data flows.",
            .who = "Both ends after the handshake; the server's too, before accept.",
            .ends = "The end that closes first goes to FIN_WAIT1, the other one to" NEXT
                    "CLOSE_WAIT. Silence ends nothing.",
            .look = "Recv-Q: bytes our program has not read. Send-Q: bytes the other side" NEXT "has not acknowledged.",
            .suspect = "Recv-Q that stays: our program does not read. Send-Q that stays: the" NEXT
                       "other one does not, or it is gone without a word.",
            .lesson = "01",
        },
    [STATE_FIN_WAIT1] =
        {
            .line = "our FIN is sent, or waits behind data; not acknowledged yet",
            .meaning = "We have closed our half; our FIN, and perhaps data before it, is not" NEXT "acknowledged yet.",
            .who = "The end that closes first, for one round trip.",
            .ends = "ACK of the FIN (FIN_WAIT2), a FIN (CLOSING), both in one segment" NEXT
                    "(TIME_WAIT, note 2 of the figure).",
            .look = "Send-Q: what is still in front of the FIN, and 1 for the FIN.",
            .suspect = "Peers that do not read (window 0: netstat -o shows probe) or have" NEXT
                       "vanished from the network.",
            .lesson = "03",
        },
    [STATE_FIN_WAIT2] =
        {
            .line = "our half is closed and acknowledged; the other one is open",
            .meaning = "Our FIN is acknowledged, the other side has not sent its own: the" NEXT
                       "connection is half-closed, and we may still receive.",
            .who = "The end that closed first, while the other is in CLOSE_WAIT.",
            .ends = "The other side's FIN (TIME_WAIT). After close, when no process can read" NEXT
                    "any more, Linux gives up after tcp_fin_timeout (60 s).",
            .look = "Its partner's row, if here, is in CLOSE_WAIT.",
            .suspect = "The program at the other end forgets to close.",
            .lesson = "03",
        },
    [STATE_CLOSING] =
        {
            .line = "both sent a FIN at once; ours is not acknowledged yet",
            .meaning = "Both have closed at the same time: their FIN has come, the ACK of" NEXT "ours has not.",
            .who = "Both ends of a simultaneous close.",
            .ends = "The ACK of our FIN (TIME_WAIT).",
            .look = "Rare: it lasts one round trip, unless data waits before the FIN.",
            .suspect = "A lost ACK, or peers that closed and do not read.",
            .lesson = "04",
        },
    [STATE_TIME_WAIT] =
        {
            .line = "closed first, done, and waiting out old segments: 60 s",
            .meaning = "All is said. The pair of ports is kept for 2 MSL, so that the last ACK" NEXT
                       "can be repeated, and no old segment gets into a new connection.",
            .who = "The end that closed first; both after a simultaneous close.",
            .ends = "Time: 60 s on Linux, and no setting changes it. No process is needed.",
            .look = "No owner; netstat -o shows the time that is left (timewait).",
            .suspect = "Nothing wrong: this end closes first, often. Many short connections to" NEXT
                       "one server can use up the local ports: keep connections open.",
            .lesson = "03",
        },
    [STATE_CLOSE_WAIT] =
        {
            .line = "the other side has closed; our program has not yet",
            .meaning = "A FIN has come: read returned 0, or will. Our half is still open and" NEXT
                       "we may still send; TCP waits for our program to close.",
            .who = "The end that closes second.",
            .ends = "Our program's shutdown or close (LAST_ACK). Never by itself.",
            .look = "Recv-Q 1 or more: the program has not even read the end of file.",
            .suspect = "A program that does not close what it should: a leak of descriptors," NEXT
                       "or one that hangs. The kernel cannot help.",
            .lesson = "03",
        },
    [STATE_LAST_ACK] =
        {
            .line = "both FINs are sent; the last ACK is missing",
            .meaning = "We closed second: our FIN is sent, its ACK is missing.",
            .who = "The end that closes second, for one round trip.",
            .ends = "The ACK of our FIN: the row vanishes.",
            .look = "Send-Q: what is still in front of the FIN, and 1 for the FIN.",
            .suspect = "Peers that closed and do not read what we still send, or vanished.",
            .lesson = "03",
        },
};

const struct explanation *explanation_of(enum tcp_state state)
{
    return &explanations[state];
}

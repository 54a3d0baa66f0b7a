/* confirm.h: is the sender alive, or did it only look done? Lesson 10. */
#ifndef FILE_RECV_CONFIRM_H
#define FILE_RECV_CONFIRM_H

enum liveness { ALIVE, GONE, UNDECIDED };

/* To be asked after the end of file has been read on `connection`.
 *
 * The end of file is a FIN, and a FIN says: nothing more will come. It does not say that all has come: the kernel of a
 * sender that was killed sends the same FIN. The difference: who has half-closed on purpose still has the socket and
 * waits for our answer, and who is gone has none. So one byte of the answer is sent, and what comes back decides:
 *
 *   an ACK   the socket is still there: the sender lives and has said all it had to say     -> ALIVE
 *   a RST    no socket is there any more: the sender was killed, or closed at once          -> GONE
 *   nothing  for `timeout_ms` milliseconds: the network is broken, or the host              -> UNDECIDED
 *
 * -1 for no limit. A stop signal is UNDECIDED too. Sources: RFC 9293, 3.10.7.1 (a segment for a connection that is
 * CLOSED is answered with RST); tcp(7), SIOCOUTQ. */
enum liveness ask_sender(int connection, int timeout_ms);

#endif

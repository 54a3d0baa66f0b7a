/* view_pcapng.h: the packets as a capture file that Wireshark, tshark and tcpdump open
 * (pcapng: IETF draft-ietf-opsawg-pcapng).
 *
 * The wire has two interfaces: "client" and "server", the hosts' ends of it. A packet is written when it comes to the
 * wire, on its sender's interface, outbound. What happens to it later (delivered, dropped, sent again while it was
 * held) follows as lines of a log between the packets (systemd journal blocks: Wireshark shows them as rows of their
 * own; filter `systemd_journal`), and so do the commands, their output and the notes. Each block is written in one
 * piece: a file that ends anywhere, because the program was killed, is whole up to there.
 *
 * Why not a packet again when it is delivered? Wireshark sees one connection in the file, whatever the interface, and
 * would call each delivery a retransmission. As it is, only what a host has really sent again is shown as one. With
 * both_sides the deliveries are packets too, on the receiver's interface, inbound: the file is then two captures in
 * one, what tcpdump would have seen on each host. Look at one side at a time, in a file of its own, where the analysis
 * is right:
 *
 *     tshark -r both.pcapng -Y 'frame.interface_name == "server"' -w server.pcapng
 *
 * (As a display filter in Wireshark it shows the server's side alone, but the marks of the analysis stay.) One packet
 * has the same epb_packetid, its number on the wire, at both places: in Wireshark `frame.packet_id`.
 */
#ifndef WIRE_VIEW_PCAPNG_H
#define WIRE_VIEW_PCAPNG_H

#include "event.h"

#include <stdbool.h>

struct pcapng_view {
    int fd;
    long long began_us; /* when the wire began: microseconds since 1970 */
    bool both_sides;
    int told_connection; /* the states that were told with a packet last */
    struct state_pair told;
    bool failed; /* something could not be written: nothing more is tried ... */
    int error;   /* ... and this is the reason, an errno; view_pcapng_close returns it */
};

/* Opens the file `path`, "-" for standard output, at its beginning, and writes its header. began_us is the wall clock
 * (microseconds since 1970) at the event time 0. Returns 0, or -1 with errno. */
int view_pcapng_open(struct pcapng_view *view, const char *path, long long began_us, bool both_sides);

/* The view (view_fn); context is the struct pcapng_view. */
void view_pcapng(void *context, const struct event *event);

/* Returns 0 if everything was written, or -1 with errno. */
int view_pcapng_close(struct pcapng_view *view);

#endif

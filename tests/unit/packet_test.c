/* packet_test: frames written by hand, and what is read from them; and no frame is read beyond its end: each one lies
 * right before memory that can't be read, whole and cut at every byte. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "wire/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Ethernet: to, from, what follows. */
#define ETHERNET(type) "020000000002 020000000001" type
/* RFC 791: version and length of the header, service; total length; identification; flags and offset; time to live,
 * protocol, checksum; source 10.0.0.1, destination 10.0.0.2. */
#define V4_TO "0a000001 0a000002"
#define V4(total, offset, protocol) ETHERNET("0800") "4500" total "0001" offset "40" protocol "0000" V4_TO
/* RFC 8200: version, class and label; length; next header; hop limit; fd00::1, fd00::2. */
#define V6_TO "fd000000000000000000000000000001 fd000000000000000000000000000002"
#define V6(length, next) ETHERNET("86dd") "60000000" length next "40" V6_TO
/* RFC 9293: ports 40000, 7000; sequence number 1000, acknowledgement number 2000; data offset and flags; window 64240;
 * checksum, urgent pointer. */
#define TCP(offset_flags) "9c40 1b58 000003e8 000007d0" offset_flags "faf0 0000 0000"
/* RFC 768: ports 7000, 40000; length; checksum. */
#define UDP(length) "1b58 9c40" length "0000"
#define TIMESTAMPS "080a 00000005 00000006"
#define UDP_PACKET "4500 001c 0002 0000 4011 0000" V4_TO UDP("0008")
#define UDP6_PACKET "60000000 0008 1140" V6_TO UDP("0008")
/* RFC 792: type 11, code, checksum, unused; the IP header of the packet that it is about. */
#define EXCEEDED(code, offset, protocol)                                                                               \
    V4("0038", "0000", "01") "0b" code "0000 00000000 4500 0028 0002" offset "01" protocol "0000" V4_TO
#define ARP(operation) "0001 0800 0604" operation "020304050607 0a000001 000000000000 0a000002"
#define PADDING "0000 00000000 00000000 00000000 00000000" /* to the 60 bytes that a frame has at least */

struct sample {
    const char *name, *hex, *text;
    size_t whole; /* so many bytes are needed; 0 = all */
};

static const struct sample samples[] = {
    {"syn", V4("003c", "4000", "06") TCP("a002") "020405b4 0402" TIMESTAMPS "01 030307",
     "SYN seq 1000 win 64240 mss 1460 ws 7", 0},
    {"syn-ack", V4("0030", "4000", "06") TCP("7012") "020405b4 01 030300",
     "SYN+ACK seq 1000 ack 2000 win 64240 mss 1460 ws 0", 0},
    {"large-scale", V4("002c", "0000", "06") TCP("6002") "03030f 00", "SYN seq 1000 win 64240 ws 14", 0},
    {"data", V4("0039", "4000", "06") TCP("8018") "0101" TIMESTAMPS "68656c6c6f",
     "PSH+ACK seq 1000 ack 2000 len 5 win 64240", 0},
    {"ack-padded", V4("0028", "4000", "06") TCP("5010") "000000000000", "ACK seq 1000 ack 2000 win 64240", 54},
    {"fin", V4("0029", "4000", "06") TCP("5011") "21", "FIN+ACK seq 1000 ack 2000 len 1 win 64240", 0},
    {"rst", V4("0028", "4000", "06") TCP("5004"), "RST seq 1000 win 64240", 0},
    {"no-flags", V4("0028", "4000", "06") TCP("5000"), "none seq 1000 win 64240", 0},
    {"all-flags", V4("0028", "4000", "06") TCP("50ff"), "FIN+SYN+RST+PSH+ACK+URG+ECE+CWR seq 1000 ack 2000 win 64240",
     0},
    {"unknown-option", V4("002c", "4000", "06") TCP("6002") "fe04 1234", "SYN seq 1000 win 64240", 0},
    {"after-the-end", V4("0030", "4000", "06") TCP("7002") "00 ff020004050402", "SYN seq 1000 win 64240", 0},
    {"sack-1", V4("0034", "4000", "06") TCP("8010") "0101 050a 00000834 00000898",
     "ACK seq 1000 ack 2000 win 64240 sack 2100-2200", 0},
    {"sack", V4("0048", "4000", "06") TCP("d010") "0101" TIMESTAMPS "0101 0512 00000834 00000898 000008fc 00000960",
     "ACK seq 1000 ack 2000 win 64240 sack 2100-2200 2300-2400", 0},
    {"sack-4",
     V4("004c", "4000", "06") TCP("e010") "0101 0522" /* no more than 40 bytes of options */
                                          "00000834 00000835 00000836 00000837 00000838 00000839 0000083a 0000083b",
     "ACK seq 1000 ack 2000 win 64240 sack 2100-2101 2102-2103 2104-2105 2106-2107", 0},
    {"v6-syn", V6("0018", "06") TCP("6002") "020405a0", "SYN seq 1000 win 64240 mss 1440", 0},
    {"udp", V4("0021", "0000", "11") UDP("000d") "68656c6c6f", "UDP 7000 > 40000 len 5", 0},
    {"udp-padded", V4("001c", "0000", "11") UDP("0008") PADDING, "UDP 7000 > 40000 len 0", 42},
    {"udp-surplus", V4("0021", "0000", "11") UDP("000b") "68656c6c6f", "UDP 7000 > 40000 len 3", 0},
    {"ip-options", ETHERNET("0800") "4600 0021 0001 0000 4011 0000" V4_TO "94040000" UDP("0009") "21",
     "UDP 7000 > 40000 len 1", 0},
    {"fragment-1", V4("0024", "2000", "11") UDP("05dc") "6869 6869 6869 6869", "UDP 7000 > 40000 len 8", 0},
    {"fragment-2", V4("001c", "00b9", "11") "68696869 68696869", "IPv4 fragment protocol 17, 42 bytes", 0},
    {"nothing", V4("0014", "0000", "fd"), "IPv4 protocol 253, 34 bytes", 0},
    {"v6-udp", V6("000d", "11") UDP("000d") "68656c6c6f", "UDP 7000 > 40000 len 5", 0},
    {"v6-chain",
     V6("0031", "00") "3c00 010400000000" /* hop-by-hop, destination of 16 bytes, routing, fragment */
                      "2b01 010c000000000000000000000000"
                      "2c00 000000000000"
                      "1100 0000 00000007" UDP("0009") "21",
     "UDP 7000 > 40000 len 1", 0},
    {"v6-fragment-1", V6("0018", "2c") "1100 0001 00000007" UDP("05dc") "68696869 68696869", "UDP 7000 > 40000 len 8",
     0},
    {"v6-fragment-2", V6("0010", "2c") "3c00 0508 00000007 6869686968696869", "IPv6 fragment protocol 60, 70 bytes", 0},
    {"v6-nothing", V6("0008", "3c") "3b00 0000 00000000", "IPv6 protocol 59, 62 bytes", 0},
    {"who-has", ETHERNET("0806") ARP("0001") PADDING, "who has 10.0.0.2?", 42},
    {"is-at", ETHERNET("0806") ARP("0002"), "10.0.0.1 is at 02:03:04:05:06:07", 0},
    {"reverse-arp", ETHERNET("0806") ARP("0003"), "ARP operation 3", 0},
    {"arp-elsewhere", ETHERNET("0806") "0006 0800 0604 0001" PADDING "0000", "ethertype 0x0806, 42 bytes", 0},
    {"lldp", ETHERNET("88cc") "0207", "ethertype 0x88cc, 16 bytes", 14},
    {"echo", V4("0020", "0000", "01") "0800 0000 00010001 12345678", "echo request", 0},
    {"unreachable", V4("0038", "0000", "01") "0303 0000 00000000" UDP_PACKET,
     "destination unreachable: port unreachable", 0},
    {"exceeded-tcp", EXCEEDED("00", "0000", "06") "9c40 1b58 000003e8", "time exceeded: in transit", 0},
    {"exceeded-echo", EXCEEDED("01", "0000", "01") "0800 0000 00010001", "time exceeded: in reassembly", 0},
    {"exceeded-part", EXCEEDED("00", "00b9", "11") "68696869 68696869", "time exceeded: in transit", 0},
    {"v6-echo", V6("0008", "3a") "8000 0000 00010001", "echo request", 0},
    {"v6-solicit", V6("0018", "3a") "8700 0000 00000000 fd000000000000000000000000000002", "neighbor solicitation", 0},
    {"v6-unreach", V6("0038", "3a") "0104 0000 00000000" UDP6_PACKET, "destination unreachable: port unreachable", 0},
    {"v6-exceeded", V6("0034", "3a") "0301 0000 00000000 60000000 0014 0640" V6_TO "9c401b58",
     "time exceeded: in reassembly", 0},
    {"v6-big", V6("0038", "3a") "0200 0000 00000500" UDP6_PACKET, "packet too big", 0},
};

/* What is wrong in these comes behind "malformed: ". */
static const struct sample malformed[] = {
    {"empty", "", "the frame ends within the Ethernet header", 0},
    {"bad-version", ETHERNET("0800") "5500 0014 0001 0000 4011 0000" V4_TO, "the version in the IPv4 header is not 4",
     0},
    {"bad-header", ETHERNET("0800") "4400 0014 0001 0000 4011 0000" V4_TO, "the IPv4 header is shorter than 20 bytes",
     0},
    {"bad-total", V4("0013", "0000", "11") UDP("0008"), "the IPv4 header is longer than the packet", 0},
    {"bad-cut", V4("05dc", "0000", "11") UDP("05c8") "6869", "the frame ends before the IP packet does", 0},
    {"bad-tcp", V4("0020", "0000", "06") "9c40 1b58 000003e8 000007d0", "the packet ends within the TCP header", 0},
    {"bad-offset", V4("0028", "0000", "06") TCP("4010"), "the TCP header is shorter than 20 bytes", 0},
    {"bad-offset-2", V4("0028", "0000", "06") TCP("6010") "01010101", "the TCP header is longer than the packet", 54},
    {"bad-option", V4("002c", "0000", "06") TCP("6010") "0101 fe00",
     "a TCP option is shorter than its kind and its length", 0},
    {"bad-udp", V4("001b", "0000", "11") UDP("0008"), "the packet ends within the UDP header", 0},
    {"bad-udp-short", V4("001c", "0000", "11") UDP("0007"), "the UDP length is shorter than the UDP header", 0},
    {"bad-udp-long", V4("001c", "0000", "11") UDP("0009") "21", "the UDP datagram is longer than the packet", 0},
    {"bad-icmp", V4("001b", "0000", "01") "0800 0000 000000", "the packet ends within the ICMP header", 0},
    {"bad-quote", V4("002f", "0000", "01") "0303 0000 00000000 4500 001c 0002 0000 4011 0000 0a000001 0a0000",
     "the packet in the ICMP error has no whole IP header", 0},
    {"bad-quote-6", V6("001c", "3a") "0104 0000 00000000 4500 001c 0002 0000 4011 0000" V4_TO,
     "the packet in the ICMP error has no whole IP header", 0},
    {"bad-quote-4", V4("0030", "0000", "01") "0303 0000 00000000 4f00 003c 0002 0000 4011 0000" V4_TO,
     "the packet in the ICMP error is malformed", 0},
    {"bad-quote-port", V4("0033", "0000", "01") "0303 0000 00000000 4500 001c 0002 0000 4011 0000" V4_TO "1b589c",
     "the packet in the ICMP error ends before its ports", 0},
    {"bad-version-6", ETHERNET("86dd") "40000000 0000 3b40" V6_TO, "the version in the IPv6 header is not 6", 0},
    {"bad-extension", V6("0007", "3c") "1100 0000 000000", "the packet ends within an IPv6 extension header", 0},
    {"bad-extension-2", V6("0010", "3c") "1101 0000 00000000" UDP("0008"), "the packet ends within the UDP header", 0},
    {"bad-extension-3", V6("0010", "2b") "11ff 0000 00000000" UDP("0008"),
     "an IPv6 extension header is longer than the packet", 0},
    {"bad-order", V6("0018", "3c") "0000 0000 00000000 1100 0000 00000000" UDP("0008"),
     "the IPv6 hop-by-hop options are not the first header", 0},
    {"bad-cut-6", V6("0018", "06") TCP("6012"), "the frame ends before the IP packet does", 0},
};

static int failures;

static void check(bool good, const char *name, const char *what)
{
    if (!good) {
        printf("packet_test: %s: %s\n", name, what);
        failures++;
    }
}

/* Where frames are put: the page behind this address can't be read. */
static uint8_t *end_of_memory;

static void make_memory(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_NONE) == -1) {
        perror("packet_test: mmap");
        exit(1);
    }
    end_of_memory = memory + page;
}

/* Writes the bytes that the digits tell; returns how many. */
static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t count = 0;
    for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2) {
        const char digits[] = {hex[0], hex[1], '\0'};
        if (*hex != ' ')
            bytes[count++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return count;
}

/* The first `length` bytes of the frame, decoded at the end of the memory. */
static void decode(const uint8_t *bytes, size_t length, struct packet *packet)
{
    memset(packet, 0xff, sizeof *packet); /* it has to be filled in whole */
    memcpy(end_of_memory - length, bytes, length);
    packet_decode(end_of_memory - length, length, packet);
}

static struct packet decoded(const char *hex)
{
    struct packet packet;
    uint8_t bytes[FRAME_SIZE] = {0};
    size_t length = from_hex(hex, bytes);
    decode(bytes, length, &packet);
    return packet;
}

static const struct sample *sample(const char *name)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        if (strcmp(samples[i].name, name) == 0)
            return &samples[i];
    printf("packet_test: there is no sample %s\n", name);
    exit(1);
}

static struct packet named(const char *name)
{
    return decoded(sample(name)->hex);
}

/* The frame as the wire would have it, with the numbers of the segment itself for the relative ones. */
static void make_frame(const char *hex, struct frame *frame)
{
    memset(frame, 0, sizeof *frame);
    frame->length = from_hex(hex, frame->bytes);
    decode(frame->bytes, frame->length, &frame->packet);
    frame->seq = frame->packet.seq;
    frame->ack = frame->packet.ack;
    frame->window = frame->packet.window;
}

static bool within(const struct packet *packet, size_t length)
{
    return packet->payload_at <= length && packet->length <= length - packet->payload_at &&
           packet->sack_count <= SACK_BLOCKS;
}

/* Cut at every byte: what is missing is told, what is only padding is not missed. */
static void check_cuts(const struct sample *of, bool good)
{
    uint8_t bytes[FRAME_SIZE];
    size_t all = from_hex(of->hex, bytes), whole = of->whole > 0 ? of->whole : all;
    for (size_t length = 0; length <= all; length++) {
        struct packet packet;
        decode(bytes, length, &packet);
        check(within(&packet, length), of->name, "the data are within the frame");
        check((packet.malformed == NULL) == (good && length >= whole), of->name, "what is cut off is told");
    }
}

static void check_samples(const struct sample *list, size_t count, const char *before)
{
    for (size_t i = 0; i < count; i++) {
        struct frame frame;
        char text[120], wanted[120];
        make_frame(list[i].hex, &frame);
        snprintf(wanted, sizeof wanted, "%s%s", before, list[i].text);
        check(strcmp(frame_text(&frame, text, sizeof text), wanted) == 0, list[i].name, text);
        check_cuts(&list[i], *before == '\0');
    }
}

static bool is(const struct endpoint *end, const char *hex, int port)
{
    struct endpoint wanted = {.port = (uint16_t)port};
    from_hex(hex, wanted.address);
    return memcmp(end->address, wanted.address, sizeof wanted.address) == 0 && end->port == wanted.port;
}

static void check_ip(void)
{
    struct packet packet = named("data");
    check(packet.family == AF_INET && packet.ethertype == 0x0800, "IPv4", "family and ethertype");
    check(packet.protocol == 6 && packet.ttl == 64 && !packet.fragment, "IPv4", "protocol and time to live");
    check(is(&packet.from, "0a000001", 40000) && is(&packet.to, "0a000002", 7000), "IPv4", "from and to");
    packet = named("v6-chain");
    check(packet.family == AF_INET6 && packet.ethertype == 0x86dd, "IPv6", "family and ethertype");
    check(packet.protocol == 17 && packet.ttl == 64 && !packet.fragment, "IPv6", "protocol and hop limit");
    check(is(&packet.from, "fd000000000000000000000000000001", 7000), "IPv6", "from");
    check(is(&packet.to, "fd000000000000000000000000000002", 40000), "IPv6", "to");
    check(packet.payload_at == 102 && packet.length == 1, "IPv6", "where the data are");
    packet = named("fragment-1");
    check(packet.kind == PACKET_UDP && !packet.fragment && packet.length == 8, "fragments", "the first one");
    packet = named("fragment-2");
    check(packet.kind == PACKET_OTHER && packet.fragment && packet.from.port == 0, "fragments", "a later one");
    packet = named("v6-fragment-2");
    check(packet.kind == PACKET_OTHER && packet.fragment && packet.protocol == 60, "fragments", "a later one of IPv6");
    packet = named("who-has");
    check(packet.kind == PACKET_ARP && packet.family == 0 && packet.arp_operation == 1, "ARP", "kind and operation");
    check(is(&packet.from, "0a000001", 0) && is(&packet.to, "0a000002", 0), "ARP", "from and to");
    packet = decoded(V4("05dc", "0000", "06") TCP("5018") "6869");
    check(packet.malformed && packet.seq == 1000 && packet.length == 2, "cut off", "what is there is read");
    packet = decoded(V4("0028", "0000", "06") TCP("6010") "01010101");
    check(packet.kind == PACKET_TCP && packet.to.port == 7000 && packet.length == 0, "no data", "but the ports");
}

static void check_tcp(void)
{
    struct packet packet = named("syn");
    check(packet.kind == PACKET_TCP && packet.flags == FLAG_SYN && packet.window == 64240, "SYN", "flags and window");
    check(packet.seq == 1000 && packet.ack == 2000, "SYN", "numbers");
    check(packet.mss == 1460 && packet.window_scale == 7 && packet.sack_permitted, "SYN", "options");
    check(packet.has_timestamps && packet.timestamp == 5 && packet.timestamp_echo == 6, "SYN", "time stamps");
    check(packet.payload_at == 74 && packet.length == 0, "SYN", "no data");
    packet = named("data");
    check(packet.payload_at == 66 && packet.length == 5, "data", "where they are");
    check(packet.mss == 0 && packet.window_scale == -1 && !packet.sack_permitted, "data", "options that are not there");
    packet = named("ack-padded");
    check(packet.length == 0, "padding", "it is no data");
    packet = named("sack-4");
    check(packet.sack_count == 4 && packet.sack[3][0] == 2106 && packet.sack[3][1] == 2107, "SACK", "the fourth block");
    check(named("large-scale").window_scale == 14, "window scale", "14 at most");
    check(named("udp").window_scale == -1, "window scale", "none in UDP");
}

/* Eight bytes of options, and what is wrong with them. */
static void check_options(void)
{
    static const char nothing[] = "nothing";
    static const char longer[] = "a TCP option is longer than the TCP header";
    static const char shorter[] = "a TCP option is shorter than its kind and its length";
    static const char wrong[] = "a TCP option does not have the length of its kind";
    static const struct {
        const char *hex, *wrong;
    } options[] = {
        {"01010101 01010101", nothing}, {"0000ffff ffffffff", nothing}, {"fe081234 12341234", nothing},
        {"01010101 01010102", longer},  {"01010101 01010204", longer},  {"fe091234 12341234", longer},
        {"01010101 0101fe00", shorter}, {"fe011234 12341234", shorter}, {"020305b4 01010101", wrong},
        {"020505b4 00010101", wrong},   {"03020101 01010101", wrong},   {"03040707 01010101", wrong},
        {"04030101 01010101", wrong},   {"05020101 01010101", wrong},   {"05080000 00010000", wrong},
        {"08080000 00010000", wrong},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char hex[200];
        snprintf(hex, sizeof hex, "%s%s", V4("0030", "0000", "06") TCP("7002"), options[i].hex);
        struct packet packet = decoded(hex);
        const char *told = packet.malformed ? packet.malformed : "nothing";
        check(strcmp(told, options[i].wrong) == 0, options[i].hex, told);
        check(packet.kind == PACKET_TCP && packet.seq == 1000, options[i].hex, "the header before them is read");
    }
}

static void check_icmp(void)
{
    struct packet packet = named("unreachable");
    check(packet.kind == PACKET_ICMP && packet.icmp_type == 3 && packet.icmp_code == 3, "ICMP", "type and code");
    check(packet.has_quoted && packet.quoted_protocol == 17, "ICMP", "the protocol of the quoted packet");
    check(is(&packet.quoted_from, "0a000001", 7000) && is(&packet.quoted_to, "0a000002", 40000), "ICMP", "its ends");
    packet = named("exceeded-tcp");
    check(packet.quoted_from.port == 40000 && packet.quoted_to.port == 7000, "ICMP", "a quoted segment");
    packet = named("exceeded-echo");
    check(packet.has_quoted && packet.quoted_from.port == 0, "ICMP", "a quoted packet without ports");
    packet = named("exceeded-part");
    check(packet.has_quoted && packet.quoted_from.port == 0, "ICMP", "a quoted fragment");
    packet = named("v6-unreach");
    check(packet.has_quoted && packet.quoted_to.port == 40000, "ICMPv6", "the ports of the quoted packet");
    check(is(&packet.quoted_to, "fd000000000000000000000000000002", 40000), "ICMPv6", "its address");

    char text[ICMP_TEXT_SIZE];
    packet = (struct packet){.kind = PACKET_ICMP, .family = AF_INET, .icmp_type = 3, .icmp_code = 200};
    check(strcmp(packet_icmp_text(&packet, text), "destination unreachable: code 200") == 0, "ICMP", text);
    packet.icmp_type = 255;
    check(strcmp(packet_icmp_text(&packet, text), "ICMP type 255 code 200") == 0, "ICMP", text);
    packet.family = AF_INET6;
    check(strcmp(packet_icmp_text(&packet, text), "ICMPv6 type 255 code 200") == 0, "ICMPv6", text);
    for (int type = 0; type < 256; type++) { /* which of them quote a packet */
        char hex[300];
        snprintf(hex, sizeof hex, V4("0038", "0000", "01") "%02x00 0000 00000000" UDP_PACKET, (unsigned)type);
        bool is_error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        check(decoded(hex).has_quoted == is_error, "ICMP", hex);
        snprintf(hex, sizeof hex, V6("0038", "3a") "%02x00 0000 00000000" UDP6_PACKET, (unsigned)type);
        check(decoded(hex).has_quoted == (type >= 1 && type <= 4), "ICMPv6", hex);
    }
}

static void check_texts(void)
{
    struct frame frame;
    char flags[FLAGS_TEXT_SIZE], text[100], wanted[100];
    check(strcmp(packet_flags_text(FLAG_SYN | FLAG_ACK, flags), "SYN+ACK") == 0, "flags", flags);
    check(strlen(packet_flags_text(0xff, flags)) == FLAGS_TEXT_SIZE - 1, "flags", "all of them fit");

    make_frame(sample("sack")->hex, &frame); /* its acknowledgement number, 2000, is 1 in our count */
    frame.seq = 1;
    frame.ack = 1;
    frame.window = 64240 << 7;
    strcpy(wanted, "ACK seq 1 ack 1 win 8222720 sack 101-201 301-401");
    check(strcmp(frame_text(&frame, text, sizeof text), wanted) == 0, "relative", text);
    for (size_t size = 1; size <= sizeof text; size++) {
        memset(text, '?', sizeof text);
        frame_text(&frame, text, size);
        check(strlen(text) < size && strncmp(text, wanted, size - 1) == 0, "a short buffer", text);
    }
    text[0] = '?';
    check(frame_text(&frame, text, 0) == text && text[0] == '?', "a short buffer", "none at all");

    check(strcmp(host_name(CLIENT), "client") == 0 && strcmp(host_name(SERVER), "server") == 0, "hosts", "names");
    check(strcmp(event_state_name(STATE_NONE), "-") == 0, "states", "none");
    check(strcmp(event_state_name(STATE_CLOSED), "CLOSED") == 0, "states", "no row");
    check(strcmp(event_state_name(STATE_SYN_RECV), "SYN_RECV") == 0, "states", "as netstat");
}

int main(void)
{
    make_memory();
    check_samples(samples, sizeof samples / sizeof samples[0], "");
    check_samples(malformed, sizeof malformed / sizeof malformed[0], "malformed: ");
    check_ip();
    check_tcp();
    check_options();
    check_icmp();
    check_texts();
    return failures > 0;
}

/* wire_test.c: which connection a segment belongs to, what a bad network decides, and rows that fit. */
#include "wire/bad_network.h"
#include "wire/connections.h"
#include "wire/row.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct frame segment(int number, enum host_id from, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t length)
{
    struct frame frame;
    memset(&frame, 0, sizeof frame);
    frame.number = number;
    frame.from = from;
    frame.packet = (struct packet){.kind = PACKET_TCP,
                                   .family = AF_INET,
                                   .protocol = IPPROTO_TCP,
                                   .flags = flags,
                                   .seq = seq,
                                   .ack = ack,
                                   .length = length,
                                   .window = 1000,
                                   .window_scale = -1};
    struct endpoint ends[HOSTS] = {{.address = {10, 0, 0, 1}, .port = 40000}, {.address = {10, 0, 0, 2}, .port = 7000}};
    frame.packet.from = ends[from];
    frame.packet.to = ends[other_host(from)];
    return frame;
}

/* Numbers count from the SYN, through the wrap at 2 to the power of 32; the window by the scale of both SYNs. */
static void counts_from_the_beginning(void)
{
    static struct connections connections;
    struct frame syn = segment(1, CLIENT, FLAG_SYN, 0xfffffffe, 0, 0);
    syn.packet.window_scale = 7;
    assert(connection_of(&connections, &syn)->number == 1);
    assert(syn.seq == 0 && syn.ack == 0 && syn.window == 1000 && syn.repeat_of == 0);
    struct frame answer = segment(2, SERVER, FLAG_SYN | FLAG_ACK, 500, 0xffffffff, 0);
    answer.packet.window_scale = 2;
    connection_of(&connections, &answer);
    assert(answer.connection == 1 && answer.seq == 0 && answer.ack == 1 && answer.window == 1000);
    struct frame data = segment(3, CLIENT, FLAG_ACK | FLAG_PSH, 0xffffffff, 501, 5);
    connection_of(&connections, &data);
    assert(data.seq == 1 && data.ack == 1 && data.window == 1000u << 7);
    struct frame more = segment(4, CLIENT, FLAG_ACK, 4, 501, 0);
    connection_of(&connections, &more);
    assert(more.seq == 6 && more.repeat_of == 0 && !more.probe && !data.probe);
    struct frame probe = segment(5, CLIENT, FLAG_ACK, 3, 501, 0); /* the number of the last byte of `data` */
    connection_of(&connections, &probe);
    assert(probe.seq == 5 && probe.probe && probe.repeat_of == 0);
}

/* The same data, SYN or FIN again is a repeat; the same ACK is none; another SYN between the same ends begins anew. */
static void knows_repeats(void)
{
    static struct connections connections;
    struct frame syn = segment(1, CLIENT, FLAG_SYN, 100, 0, 0), again = segment(2, CLIENT, FLAG_SYN, 100, 0, 0);
    connection_of(&connections, &syn);
    connection_of(&connections, &again);
    assert(again.repeat_of == 1 && again.connection == 1 && same_segment(&syn, &again));
    struct frame ack = segment(3, SERVER, FLAG_ACK, 1, 101, 0), ack_again = segment(4, SERVER, FLAG_ACK, 1, 101, 0);
    connection_of(&connections, &ack);
    connection_of(&connections, &ack_again);
    assert(ack_again.repeat_of == 0 && !same_segment(&ack, &ack_again));
    struct frame other = segment(5, CLIENT, FLAG_SYN, 900, 0, 0);
    connection_of(&connections, &other);
    assert(other.connection == 2 && other.seq == 0 && other.repeat_of == 0);
    struct frame old = segment(6, CLIENT, FLAG_ACK, 150, 1, 5);
    connection_of(&connections, &old);
    assert(old.connection == 2 && old.seq == 150u - 900u); /* counted as what it claims to belong to */
    assert(connection_numbered(&connections, 1) && connection_numbered(&connections, 2));
    assert(connection_numbered(&connections, 3) == NULL && connection_numbered(&connections, 0) == NULL);
    assert(connection_between(&connections, CLIENT, &syn.packet.from, &syn.packet.to) == 2);
    assert(connection_between(&connections, SERVER, &syn.packet.from, &syn.packet.to) == 0);
    connection_numbered(&connections, 2)->gone[CLIENT] = true; /* and then one with the same number as before */
    struct frame same = segment(7, CLIENT, FLAG_SYN, 900, 0, 0), same_again = segment(8, CLIENT, FLAG_SYN, 900, 0, 0);
    connection_of(&connections, &same);
    connection_of(&connections, &same_again);
    assert(same.connection == 3 && same.repeat_of == 0 && same_again.connection == 3 && same_again.repeat_of == 7);
}

/* A repeat's pause counts from the time before; of a SYN's it is told. */
static void tells_pauses(void)
{
    static struct connections connections;
    char text[REPEAT_TEXT_SIZE];
    struct frame syn = segment(1, CLIENT, FLAG_SYN, 100, 0, 0), data = segment(9, CLIENT, FLAG_ACK, 101, 1, 5);
    connection_of(&connections, &syn);
    struct frame second = syn, third = syn;
    second.time_us = 1040000;
    third.time_us = 3110000;
    connection_of(&connections, &second);
    connection_of(&connections, &third);
    assert(second.pause_us == 1040000 && strcmp(repeat_text(&second, text), "1 again after 1.0 s") == 0);
    assert(third.pause_us == 2070000 && strcmp(repeat_text(&third, text), "1 again after 2.1 s") == 0);
    connection_of(&connections, &data);
    data.time_us = 200000;
    connection_of(&connections, &data);
    assert(data.pause_us == 200000 && strcmp(repeat_text(&data, text), "9 again") == 0);
}

/* More connections than are kept: the newest are there, nothing else is. */
static void forgets_the_oldest(void)
{
    static struct connections connections;
    for (int i = 1; i <= 3 * CONNECTIONS_KEPT; i++) {
        struct frame syn = segment(i, CLIENT, FLAG_SYN, (uint32_t)i * 1000, 0, 0);
        assert(connection_of(&connections, &syn)->number == i);
    }
    assert(connection_numbered(&connections, 2 * CONNECTIONS_KEPT) == NULL);
    assert(connection_numbered(&connections, 2 * CONNECTIONS_KEPT + 1)->number == 2 * CONNECTIONS_KEPT + 1);
}

/* The same seed, the same fates; about as many as was asked for; in order unless reordered. */
static void decides_by_seed(void)
{
    struct bad_network one = {.seed = 7, .loss_percent = 20, .duplicate_percent = 5, .reorder_percent = 10};
    one.delay_us = 1000;
    one.jitter_us = 900;
    struct bad_network same = one, other = one;
    other.seed = 8;
    bad_network_begin(&one);
    bad_network_begin(&same);
    bad_network_begin(&other);
    int lost = 0, duplicated = 0, reordered = 0, differ = 0;
    long long last_due = 0;
    for (int i = 0; i < 100000; i++) {
        struct fate fate = bad_network_decide(&one, CLIENT, 100, i * 10LL);
        struct fate twin = bad_network_decide(&same, CLIENT, 100, i * 10LL);
        struct fate stranger = bad_network_decide(&other, CLIENT, 100, i * 10LL);
        bad_network_decide(&same, SERVER, 100, i * 10LL); /* the other direction has decisions of its own */
        assert(fate.lost == twin.lost && fate.duplicated == twin.duplicated && fate.reordered == twin.reordered);
        assert(fate.due_us == twin.due_us && fate.second_due_us == twin.second_due_us);
        differ += fate.lost != stranger.lost;
        lost += fate.lost;
        duplicated += fate.duplicated;
        reordered += fate.reordered;
        assert(fate.due_us >= i * 10 + 100 && fate.second_due_us >= fate.due_us);
        if (!fate.lost && !fate.reordered) {
            assert(fate.due_us >= last_due);
            last_due = fate.due_us;
        }
    }
    assert(lost > 19000 && lost < 21000 && duplicated > 4500 && duplicated < 5500);
    assert(reordered > 9300 && reordered < 10700 && differ > 20000);
}

/* A narrow pipe: 100 frames of 1,000 bytes at 800 kbit/s take a second. */
static void is_as_slow_as_said(void)
{
    struct bad_network network = {.seed = 1, .rate_bits = 800000};
    struct fate fate = {.due_us = 0};
    bad_network_begin(&network);
    for (int i = 0; i < 100; i++)
        fate = bad_network_decide(&network, SERVER, 1000, 5000);
    assert(fate.due_us == 5000 + 1000000);
}

static int columns(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static int rows(const char *text)
{
    int count = 1;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* The widest of a text's rows. */
static int widest(const char *text)
{
    int most = 0;
    while (*text) {
        char row[ROW_SIZE];
        size_t length = strcspn(text, "\n");
        snprintf(row, sizeof row, "%.*s", (int)length, text);
        if (columns(row) > most)
            most = columns(row);
        text += length + (text[length] == '\n');
    }
    return most;
}

/* What a program prints is broken between words, its reason not cut off. */
static void outputs_wrap(void)
{
    const struct row_style style = {.columns = ROW_COLUMNS};
    char text[ROW_SIZE];
    row_output(&style, SERVER, "tcp_server: read from client 10.0.0.1:5000: Connection reset by peer", text);
    assert(strcmp(text, "                         tcp_server: read from client 10.0.0.1:5000: Connection\n"
                        "                           reset by peer") == 0);
    row_output(&style, CLIENT, "tcp_client: connect 10.0.0.2 port 7000: Connection refused (a RST came back)", text);
    assert(strcmp(text, "     tcp_client: connect 10.0.0.2 port 7000: Connection refused (a RST came\n"
                        "       back)") == 0);
    row_output(&style, CLIENT, "a  table  keeps  its  blanks", text);
    assert(strcmp(text, "     a  table  keeps  its  blanks") == 0);
}

/* No row is wider than the terminal, whatever the packet says. */
static void rows_fit(void)
{
    char text[ROW_SIZE], output[600];
    const bool changed[HOSTS] = {true, true};
    struct state_pair states = {{STATE_ESTABLISHED, STATE_ESTABLISHED}};
    memset(output, 'w', sizeof output - 1);
    output[sizeof output - 1] = '\0';
    for (int ascii = 0; ascii < 2; ascii++) {
        for (int wide = ROW_COLUMNS; wide <= ROW_COLUMNS_MAX; wide++) {
            struct row_style style = {.columns = wide, .ascii = ascii};
            for (int fate = FATE_HELD; fate <= FATE_DROPPED; fate++) {
                for (int from = CLIENT; from < HOSTS; from++) {
                    struct frame frame = segment(999, (enum host_id)from, 0xff, 1, 1, 1460);
                    frame.seq = frame.ack = frame.window = 0xffffffff;
                    row_packet(&style, &frame, (enum packet_fate)fate, &states, changed, "sent 12345 times", text);
                    assert(columns(text) <= wide);
                    assert(strstr(text, "(sent 12345 times)") && strstr(text, "ESTABLISHED"));
                    row_packet(&style, &frame, (enum packet_fate)fate, &states, changed, "", text);
                    assert(columns(text) == wide); /* the last state ends at the edge */
                }
            }
            assert(columns(row_states(&style, &states, changed, output, text)) <= wide);
            assert(widest(row_output(&style, CLIENT, output, text)) == wide && rows(text) == 3);
            assert(widest(row_output(&style, SERVER, output, text)) == wide && rows(text) == 3);
            assert(strcmp(text + strlen(text) - (ascii ? 1 : 3), ascii ? ">" : "…") == 0);
            assert(columns(row_output(&style, SERVER, "ä", text)) == wide);
        }
    }
}

int main(void)
{
    counts_from_the_beginning();
    knows_repeats();
    tells_pauses();
    forgets_the_oldest();
    decides_by_seed();
    is_as_slow_as_said();
    rows_fit();
    outputs_wrap();
    return 0;
}

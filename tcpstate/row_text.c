/* row_text.c: written without printf where each of 100,000 rows passes: it takes half of a listing's time. */
#include "row_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

const char row_heading[] = "Proto Recv-Q Send-Q Local Address           Foreign Address         State      ";

enum { QUEUE_WIDTH = 6, ADDRESS_WIDTH = 23, STATE_WIDTH = 11 };

/* Writes `number` in decimal; returns where it ends. */
static char *put_number(char *to, uint32_t number)
{
    char digits[10];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

/* The same, right-aligned in a column. */
static char *put_queue(char *to, uint32_t number)
{
    char digits[10];
    size_t length = (size_t)(put_number(digits, number) - digits);
    for (size_t i = length; i < QUEUE_WIDTH; i++)
        *to++ = ' ';
    memcpy(to, digits, length);
    return to + length;
}

/* Fills up with blanks to `width` columns from `start`. */
static char *pad(char *to, const char *start, size_t width)
{
    while ((size_t)(to - start) < width)
        *to++ = ' ';
    return to;
}

static char *put_ipv4(char *to, const uint8_t address[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            *to++ = '.';
        to = put_number(to, address[i]);
    }
    return to;
}

/* An IPv4 connection on an IPv6 socket (::ffff:127.0.0.1) is shown by netstat under tcp6 with its IPv4 address. */
static bool is_mapped_ipv4(const uint8_t address[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address, prefix, sizeof prefix) == 0;
}

static char *put_address(char *to, int family, const struct endpoint *end)
{
    if (family != AF_INET6)
        return put_ipv4(to, end->address);
    if (is_mapped_ipv4(end->address))
        return put_ipv4(to, end->address + 12);
    inet_ntop(AF_INET6, end->address, to, INET6_ADDRSTRLEN);
    return to + strlen(to);
}

static char *put_endpoint(char *to, int family, const struct endpoint *end)
{
    to = put_address(to, family, end);
    *to++ = ':';
    if (end->port)
        return put_number(to, end->port);
    *to++ = '*';
    return to;
}

size_t endpoint_text(int family, const struct endpoint *end, char text[ENDPOINT_TEXT_SIZE])
{
    char *to = put_endpoint(text, family, end);
    *to = '\0';
    return (size_t)(to - text);
}

size_t row_text(const struct socket_row *row, char text[ROW_TEXT_SIZE])
{
    memcpy(text, row->family == AF_INET6 ? "tcp6  " : "tcp   ", 6);
    char *to = put_queue(text + 6, row->recv_queue);
    *to++ = ' ';
    to = put_queue(to, row->send_queue);
    *to++ = ' ';
    char *column = to;
    to = pad(put_endpoint(to, row->family, &row->local), column, ADDRESS_WIDTH);
    *to++ = ' ';
    column = to;
    to = pad(put_endpoint(to, row->family, &row->remote), column, ADDRESS_WIDTH);
    *to++ = ' ';
    const char *state = state_name(row->state);
    size_t length = strlen(state);
    memcpy(to, state, length);
    to = pad(to + length, to, STATE_WIDTH);
    *to = '\0';
    return (size_t)(to - text);
}

static const char *const timer_names[] = {[TIMER_OFF] = "off",
                                          [TIMER_ON] = "on",
                                          [TIMER_KEEPALIVE] = "keepalive",
                                          [TIMER_TIMEWAIT] = "timewait",
                                          [TIMER_PROBE] = "probe"};

size_t timer_text(const struct socket_row *row, char text[ROW_TEXT_SIZE])
{
    int length = snprintf(text, ROW_TEXT_SIZE, "%s (%u.%02u/%u/%u)", timer_names[row->timer],
                          (unsigned)(row->timer_ms / 1000), (unsigned)(row->timer_ms % 1000 / 10),
                          (unsigned)row->retransmits, (unsigned)row->probes);
    return (size_t)length;
}

/* Writes `text` as the inside of a JSON string into `json`: quotes, backslashes and what is no plain ASCII become
 * \u00XX. */
static void json_string(const char *text, char *json, size_t size)
{
    size_t at = 0;
    for (; *text && at + 7 < size; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= ' ' && c < 0x7f && c != '"' && c != '\\')
            json[at++] = (char)c;
        else
            at += (size_t)snprintf(json + at, size - at, "\\u%04x", c);
    }
    json[at] = '\0';
}

size_t row_json(const struct socket_row *row, const char *owner, char text[ROW_TEXT_SIZE])
{
    char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN], name[100], owned[120] = "";
    *put_address(local, row->family, &row->local) = '\0';
    *put_address(remote, row->family, &row->remote) = '\0';
    if (owner) {
        json_string(owner, name, sizeof name);
        snprintf(owned, sizeof owned, ",\"owner\":\"%s\"", name);
    }
    int length = snprintf(
        text, ROW_TEXT_SIZE,
        "{\"proto\":\"%s\",\"recv_q\":%u,\"send_q\":%u,\"local\":\"%s\",\"local_port\":%u,"
        "\"remote\":\"%s\",\"remote_port\":%u,\"state\":\"%s\",\"backlog\":%u,\"timer\":\"%s\",\"timer_ms\":%u,"
        "\"retransmits\":%u,\"probes\":%u,\"uid\":%u,\"inode\":%llu%s}",
        row->family == AF_INET6 ? "tcp6" : "tcp", (unsigned)row->recv_queue, (unsigned)row->send_queue, local,
        (unsigned)row->local.port, remote, (unsigned)row->remote.port, state_name(row->state), (unsigned)row->backlog,
        timer_names[row->timer], (unsigned)row->timer_ms, (unsigned)row->retransmits, (unsigned)row->probes,
        (unsigned)row->uid, (unsigned long long)row->inode, owned);
    return (size_t)length;
}

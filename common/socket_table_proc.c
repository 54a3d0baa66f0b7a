/* socket_table_proc.c: TCP sockets by /proc/net/tcp{,6}, as netstat reads them (proc_net(5)).
 *
 * A line, addresses in hexadecimal as they lie in memory, ports as numbers:
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *    0: 0100007F:1B58 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 ...
 */
#include "common/socket_table_proc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Eight hexadecimal digits are one 32-bit word of the address, as the kernel has it in memory. */
static bool parse_address(const char *hex, int family, uint8_t address[16])
{
    int words = family == AF_INET6 ? 4 : 1;
    if (strlen(hex) != (size_t)words * 8)
        return false;
    for (int i = 0; i < words; i++) {
        uint32_t word;
        if (sscanf(hex + (size_t)i * 8, "%8" SCNx32, &word) != 1)
            return false;
        memcpy(address + (size_t)i * 4, &word, sizeof word);
    }
    return true;
}

bool proc_parse_line(const char *line, int family, struct socket_row *row)
{
    char local[33], remote[33];
    unsigned local_port, remote_port, state, timer;
    uint32_t send_queue, recv_queue, retransmits, uid, probes;
    uint64_t when, inode;
    int fields = sscanf(line,
                        " %*d: %32[0-9A-Fa-f]:%4x %32[0-9A-Fa-f]:%4x %2x %8" SCNx32 ":%8" SCNx32 " %2x:%16" SCNx64
                        " %8" SCNx32 " %" SCNu32 " %" SCNu32 " %" SCNu64,
                        local, &local_port, remote, &remote_port, &state, &send_queue, &recv_queue, &timer, &when,
                        &retransmits, &uid, &probes, &inode);
    if (fields != 13 || state <= STATE_NONE || state > STATE_COUNT)
        return false;
    memset(row, 0, sizeof *row);
    if (!parse_address(local, family, row->local.address) || !parse_address(remote, family, row->remote.address))
        return false;
    row->family = family;
    row->state = state == STATE_COUNT ? STATE_SYN_RECV : (enum tcp_state)state; /* 12: the kernel's NEW_SYN_RECV */
    row->local.port = (uint16_t)local_port;
    row->remote.port = (uint16_t)remote_port;
    row->recv_queue = recv_queue;
    row->send_queue = send_queue;
    row->timer = timer <= TIMER_PROBE ? (enum timer_kind)timer : TIMER_OFF;
    row->timer_ms = (uint32_t)(when * 1000 / (uint64_t)sysconf(_SC_CLK_TCK)); /* ticks, 100 to the second */
    row->retransmits = retransmits;
    row->probes = probes;
    row->uid = uid;
    row->inode = inode;
    return true;
}

int proc_read(int family, const struct socket_filter *filter, socket_row_fn *fn, void *context)
{
    FILE *file = fopen(family == AF_INET6 ? "/proc/net/tcp6" : "/proc/net/tcp", "re");
    if (file == NULL)
        return family == AF_INET6 && errno == ENOENT ? 0 : -1;
    char line[512];
    int answer = 0;
    while (answer == 0 && fgets(line, sizeof line, file)) {
        struct socket_row row;
        if (proc_parse_line(line, family, &row) && socket_filter_wants(filter, &row))
            answer = fn(&row, context);
    }
    fclose(file);
    return answer;
}

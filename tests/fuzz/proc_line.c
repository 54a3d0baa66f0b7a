/* proc_line: libFuzzer on the reader of /proc/net/tcp's lines. Whatever a line says, a row that is accepted is in
 * range, and its text fits. */
#include "common/socket_table_proc.h"
#include "tcpstate/row_text.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[512], text[ROW_TEXT_SIZE];
    size_t length = size < sizeof line ? size : sizeof line - 1;
    memcpy(line, data, length);
    line[length] = '\0';
    const int families[] = {AF_INET, AF_INET6};
    for (int i = 0; i < 2; i++) {
        struct socket_row row;
        if (!proc_parse_line(line, families[i], &row))
            continue;
        if (row.state <= STATE_NONE || row.state >= STATE_COUNT || row.timer > TIMER_PROBE)
            abort();
        if (row_text(&row, text) >= ROW_TEXT_SIZE || timer_text(&row, text) >= ROW_TEXT_SIZE ||
            row_json(&row, "1/\"program\\", text) >= ROW_TEXT_SIZE)
            abort();
    }
    return 0;
}

/* words: libFuzzer on what people type: numbers, ports, seconds, names of states, filters. What is accepted is in
 * range. */
#include "common/number.h"
#include "common/report.h"
#include "tcpstate/filter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char word[256];
    size_t length = size < sizeof word ? size : sizeof word - 1;
    memcpy(word, data, length);
    word[length] = '\0';

    long long number = 5, small = 5;
    uint16_t port;
    int ms;
    if (parse_number(word, -3, 1000, &number) == NULL && (number < -3 || number > 1000))
        abort();
    if (parse_number(word, 2, 5, &small) == NULL && (small < 2 || small > 5))
        abort();
    (void)parse_port(word, &port);
    if (parse_seconds(word, &ms) == NULL && (ms < 0 || ms > 24 * 3600 * 1000))
        abort();

    report_as("fuzz");
    struct socket_filter filter = {.states = 0};
    char *words[] = {word};
    if (parse_filter(1, words, &filter) && (filter.states & ~((1u << STATE_COUNT) - 2)))
        abort();
    return 0;
}

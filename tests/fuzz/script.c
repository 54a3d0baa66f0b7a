/* script: libFuzzer on the reader of .wire files. What is accepted has its line, and every text in it ends where it was
 * kept. */
#define _GNU_SOURCE /* memfd_create */
#include "wire/script.h"
#include "common/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void check(bool good)
{
    if (!good)
        abort();
}

/* "" or within one of the lines that were read. */
static bool lies_in_lines(const struct script *script, const char *text)
{
    const char *first = script->lines[0];
    return *text == '\0' || (text >= first && text + strlen(text) < first + sizeof script->lines);
}

static void check_script(const struct script *script)
{
    check(script->count > 0 && script->count <= SCRIPT_LINES);
    for (int i = 0; i < script->count; i++) {
        const struct statement *statement = &script->statements[i];
        check(statement->line > i && statement->within_ms >= 0);
        check(statement->host == CLIENT || statement->host == SERVER);
        check(statement->pattern.class <= CLASS_ICMP);
        check(statement->states[0] < STATE_COUNT && statement->states[1] < STATE_COUNT);
        check(lies_in_lines(script, statement->text) && lies_in_lines(script, statement->second));
        check(strlen(script->written[i]) < SCRIPT_LINE_SIZE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("script", MFD_CLOEXEC);
    check(fd != -1);
    check(write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    report_as("fuzz");
    struct script *script = script_read(path);
    if (script)
        check_script(script);
    free(script);
    close(fd);
    return 0;
}

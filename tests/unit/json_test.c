/* json_test: whatever text is given, a valid JSON string comes out. */
#include "common/json.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void check(const char *text, const char *wanted)
{
    char json[64];
    if (strcmp(json_string(text, json, sizeof json), wanted) != 0) {
        printf("json_test: '%s' gives %s, not %s\n", text, json, wanted);
        failures++;
    }
}

int main(void)
{
    check("", "\"\"");
    check("plain", "\"plain\"");
    check("a\"b\\c", "\"a\\\"b\\\\c\"");
    check("\n\t\x1b\x7f", "\"\\u000a\\u0009\\u001b\\u007f\"");
    check("\xc3\xa9 \xe4\xb8\x96 \xf0\x9f\x8e\x93", "\"\xc3\xa9 \xe4\xb8\x96 \xf0\x9f\x8e\x93\"");
    check("\xff", "\"\\ufffd\"");
    check("\xc3", "\"\\ufffd\"");                       /* cut */
    check("\xc0\xaf", "\"\\ufffd\\ufffd\"");            /* '/' in two bytes */
    check("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
    char tight[9];                                      /* six for the one byte, and three */
    if (strcmp(json_string("\n", tight, sizeof tight), "\"\\u000a\"") != 0) {
        printf("json_test: six bytes for each, and three, do not suffice\n");
        failures++;
    }
    char text[200], json[32];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    if (strlen(json_string(text, json, sizeof json)) >= sizeof json || json[strlen(json) - 1] != '"') {
        printf("json_test: what does not fit\n");
        failures++;
    }
    return failures > 0;
}

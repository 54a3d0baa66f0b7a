#include "common/number.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* Only digits: no sign, no space, no 0x. strtoll(3) would take all three. */
const char *parse_number(const char *text, long long min, long long max, long long *value)
{
    if (*text == '\0')
        return "empty, a number is wanted";
    for (const char *digit = text; *digit; digit++)
        if (!isdigit((unsigned char)*digit))
            return "not a decimal number";
    long long number = 0;
    for (const char *digit = text; *digit; digit++) {
        if (number > (max - (*digit - '0')) / 10)
            return "too large";
        number = number * 10 + (*digit - '0');
    }
    if (number > max)
        return "too large";
    if (number < min)
        return "too small";
    *value = number;
    return NULL;
}

const char *parse_port(const char *text, uint16_t *port)
{
    long long value;
    const char *problem = parse_number(text, 0, 65535, &value);
    if (problem && strcmp(problem, "too large") == 0)
        return "too large, ports end at 65535";
    if (problem)
        return problem;
    *port = (uint16_t)value;
    return NULL;
}

const char *parse_seconds(const char *text, int *ms)
{
    enum { LONGEST = 24 * 60 * 60 };
    char whole[16];
    const char *point = strchr(text, '.');
    while (text[0] == '0' && isdigit((unsigned char)text[1]))
        text++;
    size_t length = point ? (size_t)(point - text) : strlen(text);
    if (length >= sizeof whole)
        return strspn(text, "0123456789") == length ? "too large" : "not a decimal number";
    memcpy(whole, text, length);
    whole[length] = '\0';

    long long seconds;
    const char *problem = parse_number(whole, 0, LONGEST, &seconds);
    if (problem)
        return problem;
    int thousandths = 0;
    if (point) {
        int unit = 100;
        if (point[1] == '\0')
            return "not a number of seconds";
        for (const char *digit = point + 1; *digit; digit++, unit /= 10) {
            if (!isdigit((unsigned char)*digit))
                return "not a number of seconds";
            thousandths += (*digit - '0') * unit; /* finer than a millisecond adds 0 */
        }
    }
    if (seconds == LONGEST && thousandths > 0)
        return "too large";
    *ms = (int)seconds * 1000 + thousandths;
    return NULL;
}

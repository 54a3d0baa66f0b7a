#include "common/option.h"

#include "common/number.h"
#include "common/report.h"

#include <stddef.h>

/* Whether all is well; if not, says which value of which option is wrong. */
static bool accepted(const char *name, const char *text, const char *problem)
{
    if (problem)
        report("%s '%s': %s", name, text, problem);
    return problem == NULL;
}

bool option_count(const char *name, const char *text, long long min, long long max, long long *value)
{
    const char *problem = parse_number(text, min, max, value);
    if (problem)
        report("%s '%s': %s (from %lld to %lld)", name, text, problem, min, max);
    return problem == NULL;
}

bool option_int(const char *name, const char *text, int min, int max, int *value)
{
    long long number;
    if (!option_count(name, text, min, max, &number))
        return false;
    *value = (int)number;
    return true;
}

bool option_port(const char *name, const char *text, uint16_t *value)
{
    return accepted(name, text, parse_port(text, value));
}

bool option_seconds(const char *name, const char *text, int *milliseconds)
{
    return accepted(name, text, parse_seconds(text, milliseconds));
}

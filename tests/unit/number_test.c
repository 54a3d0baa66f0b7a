/* number_test.c: parse_number, parse_port and parse_seconds: what they take, and why they refuse the rest. */
#include "common/number.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static int failures;

/* Compares a parser's answer: `wanted` is NULL for success (then the value counts), or how the reason must begin. */
static void check(const char *what, const char *text, const char *problem, long long value, const char *wanted,
                  long long wanted_value)
{
    if (wanted == NULL && problem == NULL && value == wanted_value)
        return;
    if (wanted != NULL && problem != NULL && strncmp(problem, wanted, strlen(wanted)) == 0)
        return;
    printf("%s(\"%s\"): expected %s %lld, got %s %lld\n", what, text, wanted ? wanted : "a value", wanted_value,
           problem ? problem : "a value", value);
    failures++;
}

static void number(const char *text, long long min, long long max, const char *wanted, long long wanted_value)
{
    long long value = -77;
    const char *problem = parse_number(text, min, max, &value);
    check("parse_number", text, problem, value, wanted, wanted ? -77 : wanted_value);
    if (problem && value != -77) {
        printf("parse_number(\"%s\") refuses and changes the value\n", text);
        failures++;
    }
}

static void port(const char *text, const char *wanted, long long wanted_value)
{
    uint16_t value = 4711;
    const char *problem = parse_port(text, &value);
    check("parse_port", text, problem, value, wanted, wanted_value);
}

static void seconds(const char *text, const char *wanted, long long wanted_value)
{
    int value = -77;
    const char *problem = parse_seconds(text, &value);
    check("parse_seconds", text, problem, value, wanted, wanted_value);
}

static void numbers(void)
{
    char longest[32];
    snprintf(longest, sizeof longest, "%lld", LLONG_MAX);
    number("0", 0, 10, NULL, 0);
    number("10", 0, 10, NULL, 10);
    number("007", 0, 10, NULL, 7);
    number("11", 0, 10, "too large", 0);
    number("5", 0, 0, "too large", 0);
    number("5", 0, 3, "too large", 0);
    number("0", 1, 10, "too small", 0);
    number(longest, 0, LLONG_MAX, NULL, LLONG_MAX);
    number("9223372036854775808", 0, LLONG_MAX, "too large", 0);
    number("99999999999999999999999999", 0, LLONG_MAX, "too large", 0);
    number("", 0, 10, "empty", 0);
    static const char *const none[] = {" 1", "1 ", "+1", "-1", "0x1", "1.0", "1e3", "one", "1\n", "\xd9\xa1", "1,000"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        number(none[i], 0, 1000000, "not a decimal number", 0);
    number("12345x", 0, 100, "not a decimal number", 0);
}

static void ports(void)
{
    port("0", NULL, 0);
    port("65535", NULL, 65535);
    port("65536", "too large, ports end at 65535", 0);
    port("131072", "too large, ports end at 65535", 0);
    port("-1", "not a decimal number", 0);
    port("0x50", "not a decimal number", 0);
    port("http", "not a decimal number", 0);
    port("", "empty", 0);
}

static void durations(void)
{
    seconds("0", NULL, 0);
    seconds("1", NULL, 1000);
    seconds("0.5", NULL, 500);
    seconds("0.05", NULL, 50);
    seconds("0.001", NULL, 1);
    seconds("1.2345", NULL, 1234);
    seconds("86400", NULL, 86400000);
    seconds("86400.0", NULL, 86400000);
    seconds("0000000000000000001", NULL, 1000);
    seconds("86400.001", "too large", 0);
    seconds("86401", "too large", 0);
    seconds("99999999999999999999", "too large", 0);
    seconds("", "empty", 0);
    static const char *const none[] = {"1.",  ".",  "-1", "-0.5", "1,5",  "1e3", "nan",
                                       "inf", " 1", "1 ", "1.5s", "1..5", "0x1", "1.-5"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        seconds(none[i], strcmp(none[i], ".") == 0 ? "" : "not a", 0);
    seconds("abcdefghijklmnopqrstuvwxyz", "not a", 0);
}

int main(void)
{
    numbers();
    ports();
    durations();
    return failures > 0;
}

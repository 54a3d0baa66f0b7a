/* http.c: strict where laxness has led to attacks: a line ends in CR LF and nothing else, no blank before a colon, no
 * field over several lines. */
#include "http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Bytes from 0x80 stand in some fields and targets; of the others CR, LF and TAB may come, CR only before LF. */
static bool may_follow(char before, char byte)
{
    if (before == '\r')
        return byte == '\n';
    if (byte == '\n')
        return false;
    return byte == '\r' || byte == '\t' || ((unsigned char)byte >= ' ' && byte != 0x7f);
}

long http_head_length(const char *bytes, size_t length, size_t seen)
{
    for (size_t i = seen; i < length; i++) {
        if (!may_follow(i > 0 ? bytes[i - 1] : '\0', bytes[i]))
            return -1;
        if (bytes[i] == '\n' && i >= 3 && memcmp(bytes + i - 3, "\r\n\r\n", 4) == 0)
            return (long)i + 1;
    }
    return 0;
}

/* What names and methods are made of (RFC 9110, section 5.6.2). */
static bool is_token(const char *text)
{
    const char *at = text;
    while (isalnum((unsigned char)*at) || (*at != '\0' && strchr("!#$%&'*+-.^_`|~", *at) != NULL))
        at++;
    return at > text && *at == '\0';
}

/* Three words with one blank between; the third may have blanks (a reason does). */
static bool parse_first_line(char *line, struct http_head *head)
{
    for (size_t i = 0; i < 3; i++) {
        head->word[i] = line;
        char *blank = strchr(line, ' ');
        if (i < 2 && (blank == NULL || blank == line))
            return false;
        if (i < 2) {
            *blank = '\0';
            line = blank + 1;
        }
    }
    return true;
}

static bool parse_field(char *line, struct http_field *field)
{
    char *colon = strchr(line, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    field->name = line;
    char *value = colon + 1;
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    value[length] = '\0';
    field->value = value;
    return is_token(line); /* refuses a blank before the colon, and a line that goes on with the one before */
}

int http_parse(char *bytes, size_t length, struct http_head *head)
{
    char *line = bytes, *end = bytes + length;
    head->field_count = 0;
    for (bool first = true; line < end; first = false) {
        char *line_end = memchr(line, '\r', (size_t)(end - line));
        if (line_end == NULL || line_end + 1 == end)
            return 400;
        if (line_end == line) /* the empty line */
            return first ? 400 : 0;
        *line_end = '\0';
        if (first && !parse_first_line(line, head))
            return 400;
        if (!first && head->field_count == HTTP_FIELDS)
            return 431;
        if (!first && !parse_field(line, &head->fields[head->field_count++]))
            return 400;
        line = line_end + 2;
    }
    return 400;
}

const char *http_field(const struct http_head *head, const char *name, size_t *count)
{
    const char *value = NULL;
    size_t found = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        if (strcasecmp(head->fields[i].name, name) == 0) {
            value = head->fields[i].value;
            found++;
        }
    }
    if (count != NULL)
        *count = found;
    return found == 1 ? value : NULL;
}

/* Whether `token` is an element of a list with commas. */
static bool list_has(const char *list, const char *token)
{
    size_t length = strlen(token);
    while (*list != '\0') {
        list += strspn(list, " \t,");
        size_t element = strcspn(list, ",");
        size_t trimmed = element;
        while (trimmed > 0 && (list[trimmed - 1] == ' ' || list[trimmed - 1] == '\t'))
            trimmed--;
        if (trimmed == length && strncasecmp(list, token, length) == 0)
            return true;
        list += element;
    }
    return false;
}

bool http_has_token(const struct http_head *head, const char *name, const char *token)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (strcasecmp(head->fields[i].name, name) == 0 && list_has(head->fields[i].value, token))
            return true;
    return false;
}

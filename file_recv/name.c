#include "name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char suffix[] = ".unconfirmed";

static bool begins_with(const char *name, size_t length, const char *prefix)
{
    return length >= strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0;
}

/* "x.unconfirmed" and "x.unconfirmed.2": names that we give ourselves. */
static bool is_unconfirmed_name(const char *name, size_t length)
{
    size_t end = length;
    while (end > 0 && isdigit((unsigned char)name[end - 1]))
        end--;
    if (end < length && end > 0 && name[end - 1] == '.')
        length = end - 1;
    size_t size = sizeof suffix - 1;
    return length >= size && memcmp(name + length - size, suffix, size) == 0;
}

const char *name_problem(const char *name, size_t length)
{
    if (length == 0)
        return "the name is empty";
    if (length >= NAME_SIZE)
        return "the name has more than 255 bytes (or name and content came in one read)";
    if (memchr(name, '/', length))
        return "the name holds a '/'";
    if ((length == 1 && name[0] == '.') || (length == 2 && memcmp(name, "..", 2) == 0))
        return "the name is that of a directory";
    for (size_t i = 0; i < length; i++) /* a terminal that shows such a name would obey it; and a zero would end it */
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return "the name holds a control character";
    if (begins_with(name, length, TEMPORARY_PREFIX))
        return "the name is one of our temporary files'";
    if (is_unconfirmed_name(name, length))
        return "names that end in .unconfirmed are given here, to files that may not be whole";
    return NULL;
}

void unconfirmed_name(const char *name, int number, char text[NAME_SIZE])
{
    char end[sizeof suffix + 12];
    int size = number < 2 ? snprintf(end, sizeof end, "%s", suffix)
                          : snprintf(end, sizeof end, "%s.%d", suffix, number);
    size_t room = NAME_SIZE - 1 - (size_t)size, length = strlen(name);
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) /* the middle of a UTF-8 character */
            length--;
    }
    snprintf(text, NAME_SIZE, "%.*s%s", (int)length, name, end);
}

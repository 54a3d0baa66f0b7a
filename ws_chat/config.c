/* config.c: the configuration file.
 *
 *     # a comment
 *     port = 9999
 *     origin = http://example.org
 *
 * A line that is not understood ends the program: a misspelt limit would otherwise be no limit. */
#include "common/report.h"
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 64 * 1024 };

/* Reads the whole file into memory that the caller frees; NULL after reporting why not. */
static char *read_file(const char *path)
{
    char *text = malloc(LONGEST + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = text == NULL || fd == -1 ? -1 : 1;
    while (got > 0 && length <= LONGEST) {
        got = read(fd, text + length, LONGEST + 1 - length);
        if (got > 0)
            length += (size_t)got;
    }
    if (got == -1)
        report_errno("configuration %s", path);
    else if (length > LONGEST)
        report("configuration %s: longer than %d bytes", path, LONGEST);
    else if (memchr(text, '\0', length) != NULL)
        report("configuration %s: it has a zero byte, so it is no text", path);
    else
        text[length] = '\0';
    bool good = got == 0 && length <= LONGEST && strlen(text) == length;
    if (fd != -1)
        close(fd);
    if (good)
        return text;
    free(text);
    return NULL;
}

/* Cuts the blanks at both ends off. Returns the new beginning. */
static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
        length--;
    text[length] = '\0';
    return text;
}

/* Returns whether the line is good; a bad one has been reported. */
static bool take_line(const char *path, int number, char *line, struct chat_options *options)
{
    char shown[160];
    bool known;
    char *word = trim(line);
    if (*word == '\0' || *word == '#')
        return true;
    char *equals = strchr(word, '=');
    if (equals == NULL) {
        report("%s line %d: '%s': WORD = VALUE is wanted", path, number, word);
        return false;
    }
    *equals = '\0';
    word = trim(word);
    snprintf(shown, sizeof shown, "%s line %d: %s", path, number, word);
    bool good = set_option(word, shown, trim(equals + 1), options, &known);
    if (!known)
        report("%s: there is no such word (ws_chat --help lists them)", shown);
    return good;
}

int read_config(const char *path, struct chat_options *options)
{
    char *text = read_file(path);
    if (text == NULL)
        return EXIT_WORLD;
    options->config_text = text;
    for (int number = 1; text != NULL; number++) {
        char *end = strchr(text, '\n');
        if (end != NULL)
            *end = '\0';
        if (!take_line(path, number, text, options))
            return EXIT_USAGE;
        text = end == NULL ? NULL : end + 1;
    }
    return EXIT_DONE;
}

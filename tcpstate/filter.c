#include "filter.h"

#include "common/option.h"
#include "common/report.h"

#include <ctype.h>
#include <string.h>

/* One port: none given so far, and in range. Port 0 would mean "any". */
static bool set_port(const char *word, const char *text, uint16_t *port)
{
    uint16_t value;
    if (!option_port("port", text, &value))
        return false;
    if (value == 0)
        report("port 0: no socket in this list has it");
    else if (*port && *port != value)
        report("'%s': one port at a time", word);
    else
        *port = value;
    return value != 0 && *port == value;
}

static bool take_word(const char *word, struct socket_filter *filter)
{
    if (strncmp(word, "local=", 6) == 0)
        return set_port(word, word + 6, &filter->local_port);
    if (strncmp(word, "remote=", 7) == 0)
        return set_port(word, word + 7, &filter->remote_port);
    enum tcp_state state = state_from_name(word);
    if (state == STATE_CLOSED) {
        report("CLOSED is the absence of a row: there is nothing to list (tcpstate explain CLOSED)");
        return false;
    }
    if (state != STATE_NONE) {
        filter->states |= 1u << state;
        return true;
    }
    if (isalpha((unsigned char)word[0])) {
        report("'%s': neither a port nor a state (--help lists the states)", word);
        return false;
    }
    return set_port(word, word, &filter->port);
}

bool parse_filter(int count, char **words, struct socket_filter *filter)
{
    for (int i = 0; i < count; i++)
        if (!take_word(words[i], filter))
            return false;
    return true;
}

/* script.c: reading a .wire file. Each word that is not known is an error with its line. */
#include "script.h"

#include "common/number.h"
#include "common/report.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line while it is read. */
struct reading {
    const char *file;
    int line;
    char *rest; /* what has not been read yet */
};

static bool wrong(const struct reading *reading, const char *what, const char *word)
{
    report("%s:%d: %s%s%s%s", reading->file, reading->line, what, *word ? " '" : "", word, *word ? "'" : "");
    return false;
}

/* The next word, "" at the end of the line. */
static char *next_word(struct reading *reading)
{
    char *word = reading->rest + strspn(reading->rest, " \t");
    size_t length = strcspn(word, " \t");
    reading->rest = word + length;
    if (*reading->rest)
        *reading->rest++ = '\0';
    return word;
}

static char *rest_of_line(struct reading *reading)
{
    return reading->rest + strspn(reading->rest, " \t");
}

static bool read_host(struct reading *reading, struct statement *statement)
{
    const char *word = next_word(reading);
    if (strcmp(word, host_name(CLIENT)) != 0 && strcmp(word, host_name(SERVER)) != 0)
        return wrong(reading, "which host, client or server? not", *word ? word : "nothing");
    statement->host = strcmp(word, host_name(CLIENT)) == 0 ? CLIENT : SERVER;
    return true;
}

static bool read_text(struct reading *reading, struct statement *statement)
{
    statement->text = rest_of_line(reading);
    reading->rest = reading->rest + strlen(reading->rest);
    return *statement->text ? true : wrong(reading, "a text is missing", "");
}

static bool read_state(struct reading *reading, enum tcp_state *state)
{
    const char *word = next_word(reading);
    *state = state_from_name(word);
    return *state != STATE_NONE ? true : wrong(reading, "a state is wanted, not", *word ? word : "nothing");
}

/* One for each host. */
static bool read_states(struct reading *reading, struct statement *statement)
{
    for (int host = 0; host < HOSTS; host++) {
        const char *rest = rest_of_line(reading);
        if (*rest == '\0' || strncmp(rest, "within", 6) == 0)
            return wrong(reading, "states wants two, the client's and the server's", "");
        if (!read_state(reading, &statement->states[host]))
            return false;
    }
    return true;
}

static bool read_number(struct reading *reading, long long max, long long *number)
{
    const char *word = next_word(reading);
    const char *problem = parse_number(word, 0, max, number);
    if (problem)
        report("%s:%d: %s: %s", reading->file, reading->line, *word ? word : "a number is missing", problem);
    return problem == NULL;
}

static bool read_class(struct reading *reading, struct pattern *pattern)
{
    static const char *const names[] = {"SYN", "SYN+ACK", "ACK", "DATA", "FIN", "RST", "UDP", "ICMP"};
    const char *word = next_word(reading);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(word, names[i]) == 0) {
            pattern->class = (enum packet_class)i;
            return true;
        }
    }
    return wrong(reading, "a packet is SYN, SYN+ACK, ACK, DATA, FIN, RST, UDP or ICMP, not", *word ? word : "nothing");
}

/* One of: repeat, probe, seq N, ack N, ack all, len N, win N. */
static bool read_detail(struct reading *reading, const char *word, struct pattern *pattern)
{
    struct {
        const char *name;
        bool *has;
        uint32_t *value;
    } details[] = {{"seq", &pattern->has_seq, &pattern->seq},
                   {"ack", &pattern->has_ack, &pattern->ack},
                   {"len", &pattern->has_length, &pattern->length},
                   {"win", &pattern->has_window, &pattern->window}};
    long long number;
    bool repeat = strcmp(word, "repeat") == 0, probe = strcmp(word, "probe") == 0;
    pattern->repeat = pattern->repeat || repeat;
    pattern->probe = pattern->probe || probe;
    if (repeat || probe)
        return true;
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        if (strcmp(word, details[i].name) == 0) {
            if (details[i].has == &pattern->has_ack && strncmp(rest_of_line(reading), "all", 3) == 0) {
                next_word(reading);
                pattern->acks_all = true;
                return true;
            }
            *details[i].has = true;
            if (!read_number(reading, UINT_MAX, &number))
                return false;
            *details[i].value = (uint32_t)number;
            return true;
        }
    }
    return wrong(reading, "of a packet can be said: repeat, probe, seq, ack, len, win; not", word);
}

/* PACKET from HOST [details] */
static bool read_pattern(struct reading *reading, struct statement *statement)
{
    if (!read_class(reading, &statement->pattern))
        return false;
    const char *word = next_word(reading);
    if (strcmp(word, "from") != 0)
        return wrong(reading, "PACKET from HOST, then what else is to be said of it; not", *word ? word : "nothing");
    if (!read_host(reading, statement))
        return false;
    while (*rest_of_line(reading) && strncmp(rest_of_line(reading), "within", 6) != 0)
        if (!read_detail(reading, next_word(reading), &statement->pattern))
            return false;
    return true;
}

/* One of these words; its place among them is the statement's number. `all` says them for a complaint. */
static bool read_choice(struct reading *reading, const char *const *words, const char *all, struct statement *statement)
{
    char what[80];
    const char *word = next_word(reading);
    for (statement->number = 0; words[statement->number] != NULL; statement->number++)
        if (strcmp(word, words[statement->number]) == 0)
            return true;
    snprintf(what, sizeof what, "%s, not", all);
    return wrong(reading, what, *word ? word : "nothing");
}

static bool read_signal(struct reading *reading, struct statement *statement)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT},   {"KILL", SIGKILL}, {"HUP", SIGHUP},
                   {"STOP", SIGSTOP}, {"CONT", SIGCONT}, {"USR1", SIGUSR1}};
    const char *word = next_word(reading);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (strcmp(word, signals[i].name) == 0)
            statement->number = signals[i].number;
    return statement->number ? true : wrong(reading, "a signal is TERM, INT, KILL, HUP, STOP, CONT or USR1, not", word);
}

static bool read_status(struct reading *reading, struct statement *statement)
{
    long long number;
    char *after = rest_of_line(reading);
    if (strncmp(after, "killed", 6) == 0) {
        next_word(reading);
        statement->number = -1;
        return true;
    }
    if (!read_number(reading, 255, &number))
        return false;
    statement->number = (int)number;
    return true;
}

/* What stands behind the verb. */
static bool read_arguments(struct reading *reading, struct statement *statement)
{
    static const char *const timers[] = {"kernel", "still", "slow", NULL}; /* as enum timers has them */
    static const char *const off_on[] = {"off", "on", NULL};
    const char *word;
    switch (statement->verb) {
    case VERB_TITLE:
    case VERB_WHY:
    case VERB_SAY: return read_text(reading, statement);
    case VERB_TIMERS: return read_choice(reading, timers, "kernel, still or slow", statement);
    case VERB_QUICKACK: return read_choice(reading, off_on, "off or on", statement);
    case VERB_SET:
        if (!read_host(reading, statement))
            return false;
        statement->text = next_word(reading);
        statement->second = rest_of_line(reading);
        reading->rest += strlen(reading->rest);
        return *statement->second ? true : wrong(reading, "set HOST SYSCTL VALUE: no value", "");
    case VERB_RUN:
    case VERB_INPUT:
    case VERB_OUTPUT: return read_host(reading, statement) && read_text(reading, statement);
    case VERB_END_INPUT:
    case VERB_FREE: return statement->verb == VERB_FREE || read_host(reading, statement);
    case VERB_SIGNAL: return read_host(reading, statement) && read_signal(reading, statement);
    case VERB_EXIT: return read_host(reading, statement) && read_status(reading, statement);
    case VERB_STATE: return read_host(reading, statement) && read_state(reading, &statement->states[0]);
    case VERB_STATES: return read_states(reading, statement);
    case VERB_PASS:
        word = next_word(reading);
        if (strcmp(word, "until") != 0)
            return wrong(reading, "pass until PACKET from HOST; not", word);
        return read_pattern(reading, statement);
    case VERB_EXPECT: return read_pattern(reading, statement);
    case VERB_NOTHING:
        word = next_word(reading);
        if (strcmp(word, "from") != 0)
            return wrong(reading, "nothing from HOST; not", word);
        return read_host(reading, statement);
    case VERB_KEEP:
    case VERB_DELIVER:
    case VERB_DROP:
    case VERB_DUPLICATE:
        statement->text = next_word(reading);
        if (strlen(statement->text) > NAME_MAX_LENGTH)
            return wrong(reading, "a name of more than 24 characters:", statement->text);
        return statement->verb != VERB_KEEP || *statement->text ? true : wrong(reading, "keep under which name?", "");
    }
    return false;
}

static bool read_verb(struct reading *reading, struct statement *statement)
{
    static const char *const names[] = {"title",  "say",       "timers", "quickack", "set",    "run",
                                        "input",  "end-input", "signal", "exit",     "output", "state",
                                        "states", "expect",    "pass",   "nothing",  "keep",   "deliver",
                                        "drop",   "duplicate", "free",   "why"};
    const char *word = next_word(reading);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(word, names[i]) == 0) {
            statement->verb = (enum verb)i;
            return true;
        }
    }
    return wrong(reading, "a line begins with what is to be done (wire(1) tells what there is), not with", word);
}

/* "within SECONDS" at the end; nothing else. */
static bool read_end(struct reading *reading, struct statement *statement)
{
    const char *word = next_word(reading);
    if (*word == '\0')
        return true;
    if (strcmp(word, "within") != 0)
        return wrong(reading, "too much:", word);
    word = next_word(reading);
    const char *problem = parse_seconds(word, &statement->within_ms);
    if (problem)
        report("%s:%d: within %s: %s", reading->file, reading->line, word, problem);
    return problem == NULL;
}

/* Timers and acknowledgements are set up with the hosts: nothing can have run before. */
static bool stands_well(const struct reading *reading, const struct script *script, enum verb verb)
{
    if (verb != VERB_TIMERS && verb != VERB_QUICKACK)
        return true;
    for (int i = 0; i < script->count; i++)
        if (script->statements[i].verb != VERB_TITLE && script->statements[i].verb != VERB_TIMERS &&
            script->statements[i].verb != VERB_QUICKACK)
            return wrong(reading, "timers and quickack stand at the beginning", "");
    return true;
}

static bool read_line(struct script *script, const char *text, int line)
{
    struct reading reading = {script->file, line, script->lines[script->count]};
    struct statement *statement = &script->statements[script->count];
    text += strspn(text, " \t");
    if (*text == '\0' || *text == '#')
        return true;
    if (script->count == SCRIPT_LINES)
        return wrong(&reading, "more than 1000 lines", "");
    reading.rest = strcpy(script->lines[script->count], text);
    strcpy(script->written[script->count], text);
    *statement = (struct statement){.line = line, .text = "", .second = ""};
    if (!read_verb(&reading, statement) || !stands_well(&reading, script, statement->verb) ||
        !read_arguments(&reading, statement) || !read_end(&reading, statement))
        return false;
    script->count++;
    return true;
}

/* All lines of an open file. */
static bool read_lines(struct script *script, FILE *file)
{
    char text[SCRIPT_LINE_SIZE];
    for (int line = 1; fgets(text, sizeof text, file); line++) {
        size_t length = strcspn(text, "\r\n");
        if (text[length] == '\0' && !feof(file)) {
            report("%s:%d: a line of more than %d characters, or with a zero byte", script->file, line,
                   SCRIPT_LINE_SIZE - 2);
            return false;
        }
        text[length] = '\0';
        if (!read_line(script, text, line))
            return false;
    }
    if (ferror(file)) {
        report_errno("read %s", script->file);
        return false;
    }
    if (script->count == 0)
        report("%s: nothing in it", script->file);
    return script->count > 0;
}

struct script *script_read(const char *path)
{
    struct script *script = calloc(1, sizeof *script);
    FILE *file = fopen(path, "re");
    bool good = false;
    if (script == NULL || file == NULL) {
        report_errno("%s", path);
    } else {
        script->file = path;
        good = read_lines(script, file);
    }
    if (file)
        fclose(file);
    if (!good) {
        free(script);
        script = NULL;
    }
    return script;
}

static bool is_class(enum packet_class class, const struct packet *packet)
{
    uint8_t control = packet->flags & (FLAG_SYN | FLAG_FIN | FLAG_RST);
    if (packet->kind != PACKET_TCP)
        return (class == CLASS_UDP && packet->kind == PACKET_UDP) ||
               (class == CLASS_ICMP && packet->kind == PACKET_ICMP);
    switch (class) {
    case CLASS_SYN: return control == FLAG_SYN && !(packet->flags & FLAG_ACK);
    case CLASS_SYN_ACK: return control == FLAG_SYN && (packet->flags & FLAG_ACK);
    case CLASS_ACK: return control == 0 && packet->length == 0;
    case CLASS_DATA: return control == 0 && packet->length > 0;
    case CLASS_FIN: return control == FLAG_FIN;
    case CLASS_RST: return (control & FLAG_RST) != 0;
    default: return false;
    }
}

bool pattern_matches(const struct pattern *pattern, const struct frame *frame)
{
    return is_class(pattern->class, &frame->packet) && (!pattern->has_seq || pattern->seq == frame->seq) &&
           (!pattern->has_ack || pattern->ack == frame->ack) &&
           (!pattern->has_length || pattern->length == frame->packet.length) &&
           (!pattern->has_window || pattern->window == frame->window) && (!pattern->repeat || frame->repeat_of > 0) &&
           (!pattern->acks_all || frame->acks_all) && (!pattern->probe || frame->probe);
}

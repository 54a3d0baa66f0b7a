/* explain.c: tcpstate explain: what a state means, who is in it, what ends it, what to suspect. */
#include "commands.h"
#include "common/report.h"
#include "common/tcp_state.h"
#include "common/transitions.h"
#include "explain_text.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

static const char usage[] = "usage: tcpstate explain [--json] [STATE]...\n"
                            "Says what a state means, who is in it, what ends it, and what to suspect when there are\n"
                            "many; without STATE, one line for each of the eleven.\n"
                            "\n"
                            "      --json  one JSON object a state\n"
                            "  -h, --help  this text\n"
                            "\n"
                            "STATE in netstat's, BSD's or RFC 9293's spelling, such as CLOSE_WAIT or FIN-WAIT-1.\n";

static void print_names(enum tcp_state state)
{
    printf("%s", state_name(state));
    printf("   (RFC 9293: %s; BSD, macOS: %s)\n", state_rfc_name(state), state_bsd_name(state));
}

/* The arrows that lead in or out, from the figure itself. */
static void print_arrows(enum tcp_state state)
{
    for (int i = 0; i < TRANSITION_COUNT; i++) {
        const struct transition *arrow = &transitions[i];
        if (arrow->from != state && arrow->to != state)
            continue;
        printf("         %s -> %s:  %s%s%s\n", state_rfc_name(arrow->from), state_rfc_name(arrow->to), arrow->event,
               arrow->action[0] ? " / " : "", arrow->action);
    }
}

static void explain_state(enum tcp_state state)
{
    const struct explanation *text = explanation_of(state);
    print_names(state);
    printf("meaning  %s\n", text->meaning);
    printf("who      %s\n", text->who);
    printf("ends     %s\n", text->ends);
    printf("netstat  %s\n", text->look);
    printf("many?    %s\n", text->suspect);
    printf("arrows\n");
    print_arrows(state);
    printf("see it   tcpstate hold %s      lesson %s\n", state_name(state), text->lesson);
}

/* The texts are ours: plain ASCII without quotes or backslashes, but with line breaks. */
static void print_json_string(const char *name, const char *text)
{
    printf(",\"%s\":\"", name);
    for (; *text; text++) {
        if (*text == '\n') { /* and the indentation that follows it */
            putchar(' ');
            while (text[1] == ' ')
                text++;
        } else {
            putchar(*text);
        }
    }
    putchar('"');
}

static void print_json_arrows(enum tcp_state state)
{
    const char *separator = "";
    printf(",\"arrows\":[");
    for (int i = 0; i < TRANSITION_COUNT; i++) {
        const struct transition *arrow = &transitions[i];
        if (arrow->from != state && arrow->to != state)
            continue;
        printf("%s{\"from\":\"%s\",\"to\":\"%s\",\"event\":\"%s\",\"action\":\"%s\"}", separator,
               state_name(arrow->from), state_name(arrow->to), arrow->event, arrow->action);
        separator = ",";
    }
    printf("]");
}

static void explain_json(enum tcp_state state)
{
    const struct explanation *text = explanation_of(state);
    printf("{\"state\":\"%s\"", state_name(state));
    print_json_string("rfc", state_rfc_name(state));
    print_json_string("bsd", state_bsd_name(state));
    print_json_string("meaning", text->meaning);
    print_json_string("who", text->who);
    print_json_string("ends", text->ends);
    print_json_string("netstat", text->look);
    print_json_string("suspect", text->suspect);
    print_json_string("lesson", text->lesson);
    print_json_arrows(state);
    printf("}\n");
}

int explain_command(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option != 'j')
            return EXIT_USAGE;
        json = true;
    }
    for (int i = optind; i < argc; i++)
        if (state_from_name(argv[i]) == STATE_NONE) {
            report("explain '%s': no such state (tcpstate explain lists the eleven)", argv[i]);
            return EXIT_USAGE;
        }
    for (int i = optind; i < argc; i++) {
        if (json)
            explain_json(state_from_name(argv[i]));
        else
            explain_state(state_from_name(argv[i]));
        if (!json && i + 1 < argc)
            putchar('\n');
    }
    for (int i = 0; optind == argc && i < 11; i++) {
        if (json)
            explain_json(states_in_order[i]);
        else
            printf("%-12s %s\n", state_name(states_in_order[i]), explanation_of(states_in_order[i])->line);
    }
    return EXIT_DONE;
}

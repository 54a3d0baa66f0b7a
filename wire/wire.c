/* wire: two real kernels' ends of a connection, and the wire between them in your hand.
 *
 *     wire --server 'tcp_server -b 10.0.0.2 7000' --client 'tcp_client 10.0.0.2 7000 hello'
 *
 * This file puts the parts together: the hosts and what runs on them (core.h), who decides about each packet (drive.h),
 * and who looks on (the views). Lessons 02 to 05 and 07; the checks of all lessons use it too.
 */
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "core.h"
#include "drive.h"
#include "join.h"
#include "options.h"
#include "scenes.h"
#include "views.h"

#include <locale.h>
#include <string.h>
#include <sys/wait.h>

/* What runs where nothing was asked for. */
static void add_first_commands(struct wire_options *options)
{
    if (options->command_count[CLIENT] + options->command_count[SERVER] > 0)
        return;
    options->commands[SERVER][options->command_count[SERVER]++] = "tcp_server -q -b 10.0.0.2 7000";
    options->commands[CLIENT][options->command_count[CLIENT]++] = "tcp_client -q --no-half-close 10.0.0.2 7000 hello";
}

/* With --quiet nobody sees what the shell says of a command that is not there (126, 127: sh(1)), nor a signal. Another
 * exit status is the program's own, as is what it has said. */
static bool is_own_end(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) != 126 && WEXITSTATUS(status) != 127;
}

static void tell_failures(const struct wire *wire, const struct wire_options *options)
{
    char ended[ENDED_TEXT_SIZE];
    for (int i = 0; i < wire->command_count; i++) {
        const struct command *command = &wire->commands[i];
        const char *text = options->commands[command->host][command->number - 1];
        if (command->ended && !is_own_end(command->status))
            report("run %.*s on the %s: %s", (int)strcspn(text, "\n"), text, host_name(command->host),
                   command_ended_text(command->status, ended));
    }
}

static int run_commands(struct wire_options *options)
{
    static struct wire wire;
    static struct views views;
    bool steps = options->pace != PACE_FREE;
    struct hosts_options habits = {.quick_ack = steps, .together = steps};
    if (steps && !options->own_timers)
        habits.timers = TIMERS_STILL;
    add_first_commands(options);
    wire.network = options->network;
    int status = EXIT_WORLD;
    if (views_open(&views, options, &wire, false) == 0 && wire_open(&wire, &habits, "") == 0)
        status = options->pace == PACE_STEP ? drive_by_hand(&wire, options) : drive_by_clock(&wire, options);
    if (options->quiet && !stop_signal())
        tell_failures(&wire, options);
    wire_close(&wire);
    if (views_close(&views, options) == -1)
        status = EXIT_WORLD;
    if (options->coverage && !stop_signal())
        coverage_print(&views.coverage, views.ladder.style.ascii, views.ladder.style.colour);
    return status;
}

int main(int argc, char **argv)
{
    struct wire_options options;
    report_as("wire");
    keep_standard_descriptors();
    setlocale(LC_ALL, "");
    if (argc > 1 && (strcmp(argv[1], "sh") == 0 || strcmp(argv[1], "netstat") == 0))
        return join_main(argc - 1, argv + 1);
    int status = parse_options(argc, argv, &options);
    if (status != -1)
        return status;
    await_stop_signals();
    status = options.script_count > 0 ? play_scenes(&options) : run_commands(&options);
    die_by_stop_signal();
    return status;
}

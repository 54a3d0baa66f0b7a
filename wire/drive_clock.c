/* drive_clock.c: the start of the commands, and packets that go on by themselves. */
#include "drive.h"

#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

enum {
    LISTEN_MS = 10000, /* so long a server may take until it listens */
    OTHERS_MS = 1000,  /* so long after the first the others may take, where several servers are started */
    LINGER_MS = 2000   /* so long connections may take to end after their programs */
};

/* Waits until something listens on the server, or waits for datagrams there, and of several servers (`count`) until
 * each has said "listening on"; after a time the client is started all the same. */
static int await_servers(struct wire *wire, int count)
{
    long long end = now_us() + LISTEN_MS * 1000LL, others_end = 0;
    bool first = false;
    while (wire_runs(wire, SERVER) && now_us() < (first ? others_end : end) && wire->servers_ready < count) {
        if (!first && (wire->servers_ready > 0 || states_have(&wire->states, SERVER, STATE_LISTEN, 0) ||
                       host_awaits_datagrams(&wire->hosts, SERVER))) {
            first = true;
            others_end = now_us() + OTHERS_MS * 1000LL;
        }
        if (first && count == 1)
            break;
        if (wire_wait(wire, 100) == -1)
            return errno == EINTR ? 1 : -1;
    }
    return 0;
}

/* Starts what the options name for a host. Returns 0, or -1 after a report. */
static int start_on(struct wire *wire, enum host_id host, const struct wire_options *options)
{
    for (int i = 0; i < options->command_count[host]; i++)
        if (wire_run(wire, host, options->commands[host][i], false) == NULL) {
            report_errno("run %s on the %s", options->commands[host][i], host_name(host));
            return -1;
        }
    return 0;
}

int drive_start(struct wire *wire, const struct wire_options *options)
{
    if (start_on(wire, SERVER, options) == -1)
        return -1;
    if (options->command_count[SERVER] > 0) {
        int result = await_servers(wire, options->command_count[SERVER]);
        if (result != 0)
            return result;
    }
    return start_on(wire, CLIENT, options);
}

bool drive_is_over(const struct wire *wire)
{
    if (wire_runs(wire, CLIENT) || wire->first_held || wire->first_travelling)
        return false;
    for (int host = 0; host < HOSTS; host++)
        for (int state = 1; state < STATE_COUNT; state++)
            if (state != STATE_LISTEN && state != STATE_TIME_WAIT &&
                states_have(&wire->states, (enum host_id)host, (enum tcp_state)state, 0))
                return false;
    return wire->command_count > 0;
}

int drive_exit_status(const struct wire *wire)
{
    for (int i = 0; i < wire->command_count; i++) {
        const struct command *command = &wire->commands[i];
        if (command->ended && (!WIFEXITED(command->status) || WEXITSTATUS(command->status) != 0))
            return EXIT_WORLD;
    }
    return EXIT_DONE;
}

/* What the bad network did, in a line for each direction. */
static void tell_traffic(struct wire *wire)
{
    char text[200];
    for (int host = 0; host < HOSTS; host++) {
        const struct traffic *traffic = &wire->traffic[host];
        snprintf(
            text, sizeof text,
            "from the %s: %lld packets sent, %lld lost, %lld duplicated, %lld reordered, %lld delivered, %lld bytes",
            host_name((enum host_id)host), traffic->sent, traffic->lost, traffic->duplicated, traffic->reordered,
            traffic->frames, traffic->bytes);
        wire_note(wire, EVENT_NOTE, text);
    }
}

int drive_to_the_end(struct wire *wire, const struct wire_options *options, int held_ms)
{
    long long client_ended_us = 0, next_us = 0;
    int result = 0;
    const bool has_client = options->command_count[CLIENT] > 0; /* else a person at another terminal is one */
    while (result == 0 && !(has_client && drive_is_over(wire))) {
        long long now = now_us();
        if (client_ended_us == 0 && has_client && !wire_runs(wire, CLIENT))
            client_ended_us = now;
        if (client_ended_us != 0 && now - client_ended_us > (LINGER_MS + options->network.delay_us / 500) * 1000LL &&
            wire->first_held == NULL)
            break;
        if (!has_client && !wire_runs(wire, SERVER))
            break;
        if (wire->first_held && next_us == 0)
            next_us = now + held_ms * 1000LL;
        if (wire->first_held && now >= next_us) {
            wire_deliver(wire, wire->first_held, false);
            next_us = 0;
            continue;
        }
        int left_ms = wire->first_held ? (int)((next_us - now) / 1000) + 1 : 100;
        if (wire_wait(wire, left_ms) == -1)
            result = errno == EINTR ? 1 : -1;
    }
    return result;
}

int drive_by_clock(struct wire *wire, const struct wire_options *options)
{
    wire->hold = options->pace == PACE_PLAY;
    int result = drive_start(wire, options);
    if (result == 0)
        result = drive_to_the_end(wire, options, options->play_ms);
    if (options->network.on)
        tell_traffic(wire);
    return result == -1 ? EXIT_WORLD : drive_exit_status(wire);
}

/* recipes_limit.c: how long the kernel keeps a socket in a state, by its own settings (ip-sysctl, tcp(7)). Linux only.
 */
#include "recipes.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>

/* The number in /proc/sys/net/ipv4/NAME; `absent` where this kernel has no such setting. */
static int setting(const char *name, int absent)
{
    char path[80];
    snprintf(path, sizeof path, "/proc/sys/net/ipv4/%s", name);
    FILE *file = fopen(path, "re");
    int value;
    if (file == NULL)
        return absent;
    if (fscanf(file, "%d", &value) != 1)
        value = absent;
    fclose(file);
    return value;
}

/* The SYN is repeated tcp_syn_linear_timeouts times after 1 s each, then tcp_syn_retries times after 1, 2, 4 ... s,
 * at most 120 s; one more of these intervals later connect fails with ETIMEDOUT. */
static void syn_sent_limit(char *text, size_t size)
{
    enum { LONGEST = 120 };
    int linear = setting("tcp_syn_linear_timeouts", 0), retries = setting("tcp_syn_retries", 6);
    int seconds = linear;
    for (int i = 0, interval = 1; i <= retries; i++) {
        seconds += interval;
        interval = interval * 2 < LONGEST ? interval * 2 : LONGEST;
    }
    snprintf(text, size,
             "about %d s: the SYN is repeated %d times, then connect fails\n"
             "with ETIMEDOUT (tcp_syn_retries %d, tcp_syn_linear_timeouts %d)",
             seconds, linear + retries, retries, linear);
}

/* The kernel rounds the seconds up to whole repeats of its SYN+ACK, and tells what came of it. */
static void syn_recv_limit(const struct scene *scene, char *text, size_t size)
{
    int seconds = 0;
    socklen_t length = sizeof seconds;
    getsockopt(scene->listen_fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, &length);
    snprintf(text, size, "%d s (TCP_DEFER_ACCEPT), then the kernel makes it ESTABLISHED\nall the same", seconds);
}

void limit_text(enum tcp_state state, const struct scene *scene, char *text, size_t size)
{
    switch (state) {
    case STATE_SYN_SENT: syn_sent_limit(text, size); break;
    case STATE_SYN_RECV: syn_recv_limit(scene, text, size); break;
    case STATE_TIME_WAIT:
        snprintf(text, size, "about 60 s (2 MSL), with or without this process; no setting\nchanges it");
        break;
    case STATE_FIN_WAIT2:
        snprintf(text, size,
                 "no limit while this process has the socket open\n"
                 "(tcp_fin_timeout, %d s, counts only after close)",
                 setting("tcp_fin_timeout", 60));
        break;
    case STATE_FIN_WAIT1:
    case STATE_CLOSING:
    case STATE_LAST_ACK: /* the kernel asks "any room yet?" every 0.2 to 120 s, and is answered */
        snprintf(text, size, "no limit while the other end lives and answers the kernel's\nwindow probes");
        break;
    case STATE_LISTEN: snprintf(text, size, "no limit while this process lives"); break;
    default: snprintf(text, size, "no limit while both ends live"); break;
    }
}

void suspect_text(enum tcp_state state, char *text, size_t size)
{
    *text = '\0';
    if (state == STATE_TIME_WAIT && setting("tcp_max_tw_buckets", 1) == 0)
        snprintf(text, size, " (net.ipv4.tcp_max_tw_buckets is 0: this kernel keeps no TIME_WAIT)");
    else if (state == STATE_TIME_WAIT)
        snprintf(text, size, " (net.ipv4.tcp_max_tw_buckets may be used up: %d)", setting("tcp_max_tw_buckets", 0));
}

/* no_hosts.c: the known reasons, each found out where the kernel shows it. */
#include "no_hosts.h"

#include "common/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number in a file under /proc, or -1. */
static long number_in(const char *path)
{
    char text[32];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    long number = fgets(text, sizeof text, file) ? strtol(text, NULL, 10) : -1;
    fclose(file);
    return number;
}

/* Whether a filter of system calls is on us, as Docker has one by default (seccomp(2)). */
static int is_filtered(void)
{
    char line[200];
    int mode = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "Seccomp:", 8) == 0)
            mode = (int)strtol(line + 8, NULL, 10);
    if (file)
        fclose(file);
    return mode == 2;
}

/* What would help, or NULL where we do not know. */
static const char *advice(const char *what, int error)
{
    if (error == ENOSPC) {
        if (number_in("/proc/sys/user/max_user_namespaces") == 0)
            return "users may have no namespaces here: sudo sysctl user.max_user_namespaces=10000";
        if (number_in("/proc/sys/user/max_net_namespaces") == 0)
            return "users may have no networks here: sudo sysctl user.max_net_namespaces=10000";
        return "there are too many namespaces already (/proc/sys/user)";
    }
    if (error == EPERM || error == EACCES) {
        if (number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
            return "AppArmor lets only root do this: run it with sudo, or "
                   "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0";
        if (number_in("/proc/sys/kernel/unprivileged_userns_clone") == 0)
            return "only root may do this here: run it with sudo, or sudo sysctl kernel.unprivileged_userns_clone=1";
        if (is_filtered())
            return "this container forbids it: docker run --security-opt seccomp=unconfined (and --cap-add SYS_ADMIN "
                   "for root)";
        return "not permitted here; in a chroot or a restricted container it can't be";
    }
    if (strstr(what, "veth") && (error == EOPNOTSUPP || error == ENODEV))
        return "this kernel has no veth: sudo modprobe veth";
    if (error == EINVAL && strcmp(what, "unshare") == 0)
        return "this kernel has no namespaces for users (CONFIG_USER_NS)";
    return NULL;
}

int no_hosts(const char *what)
{
    const char *help = advice(what, errno);
    if (help)
        report("no hosts can be made: %s: %s: %s", what, strerror(errno), help);
    else
        report_errno("no hosts can be made: %s", what);
    return -1;
}

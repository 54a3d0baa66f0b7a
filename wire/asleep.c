/* asleep.c: /proc/PID/task/TID/stat (proc(5)); Linux only. */
#include "asleep.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A thread's state, a letter, and its session. False where it has just ended. */
static bool read_thread(const char *process, const char *thread, char *state, int *session)
{
    char path[600], line[600];
    snprintf(path, sizeof path, "/proc/%s/task/%s/stat", process, thread);
    FILE *file = fopen(path, "re");
    const char *name_end = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (file)
        fclose(file);
    /* Behind the name: state, parent, process group, session. */
    return name_end && sscanf(name_end + 1, " %c %*d %*d %d", state, session) == 2;
}

/* S: it waits for something. (D is a short wait, for a disk or for the kernel's own work: it goes on by itself.) */
static bool is_asleep(char state)
{
    return strchr("STtZX", state) != NULL;
}

static bool process_is_asleep(const char *process, pid_t session)
{
    char path[300], state;
    int its_session;
    bool asleep = true;
    if (!read_thread(process, process, &state, &its_session) || its_session != session)
        return true;
    snprintf(path, sizeof path, "/proc/%s/task", process);
    DIR *threads = opendir(path);
    for (struct dirent *entry; asleep && threads && (entry = readdir(threads)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) && read_thread(process, entry->d_name, &state, &its_session))
            asleep = is_asleep(state);
    if (threads)
        closedir(threads);
    return asleep;
}

bool session_is_asleep(pid_t session)
{
    bool asleep = true;
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; asleep && processes && (entry = readdir(processes)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]))
            asleep = process_is_asleep(entry->d_name, session);
    if (processes)
        closedir(processes);
    return asleep;
}

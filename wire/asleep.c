/* asleep.c: /proc/PID/task/TID/status (proc(5)); Linux only. */
#include "asleep.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

struct thread {
    char state;
    int session;
    long long runs;
};

/* False where it has just ended. */
static bool read_thread(const char *process, const char *thread, struct thread *read)
{
    char path[600], line[200];
    long long switches;
    *read = (struct thread){.state = '\0'};
    snprintf(path, sizeof path, "/proc/%s/task/%s/status", process, thread);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "State: %c", &read->state) == 1 || sscanf(line, "NSsid: %d", &read->session) == 1)
            continue;
        if (sscanf(line, "voluntary_ctxt_switches: %lld", &switches) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %lld", &switches) == 1)
            read->runs += switches;
    }
    if (file)
        fclose(file);
    return read->state != '\0';
}

/* S: it waits for something. (D is a short wait, for a disk or for the kernel's own work: it goes on by itself.) */
static void add_thread(const struct thread *thread, struct session_look *look)
{
    look->threads++;
    look->asleep = look->asleep && strchr("STtZX", thread->state) != NULL;
    look->runs += thread->runs;
}

static void add_process(const char *process, pid_t session, struct session_look *look)
{
    char path[300];
    struct thread thread;
    if (!read_thread(process, process, &thread) || thread.session != session)
        return;
    snprintf(path, sizeof path, "/proc/%s/task", process);
    DIR *threads = opendir(path);
    for (struct dirent *entry; threads && (entry = readdir(threads)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) && read_thread(process, entry->d_name, &thread))
            add_thread(&thread, look);
    if (threads)
        closedir(threads);
}

bool session_is_asleep(pid_t session, struct session_look *last)
{
    const struct session_look before = *last;
    *last = (struct session_look){.asleep = true};
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return true;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]))
            add_process(entry->d_name, session, last);
    closedir(processes);
    return before.asleep && last->asleep && before.runs == last->runs && before.threads == last->threads;
}

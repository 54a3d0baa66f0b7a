/* placing.c: sched(7); Linux only. What does not succeed is left: then all run where the kernel likes. */
#define _GNU_SOURCE
#include "placing.h"

#include <sched.h>
#include <time.h>

void placing_wire(struct placing *placing, bool together)
{
    cpu_set_t one;
    int processor = sched_getcpu();
    placing->together = together;
    CPU_ZERO(&one);
    if (processor < 0 || processor >= CPU_SETSIZE)
        return;
    CPU_SET((size_t)processor, &one);
    sched_getaffinity(0, sizeof placing->before, (cpu_set_t *)(void *)placing->before);
    sched_setaffinity(0, sizeof one, &one);
}

void placing_take_a_turn(void)
{
    struct timespec shortest = {.tv_nsec = 1};
    nanosleep(&shortest, NULL);
}

void placing_program(const struct placing *placing)
{
    struct sched_param none = {.sched_priority = 0};
    if (placing->together) /* such a process never takes the processor from one that runs, when it wakes up */
        sched_setscheduler(0, SCHED_BATCH, &none);
    else if (placing->before[0])
        sched_setaffinity(0, sizeof placing->before, (const cpu_set_t *)(const void *)placing->before);
}

void placing_joiner(pid_t wire, bool together)
{
    const struct placing placing = {.together = together};
    cpu_set_t its;
    if (together && sched_getaffinity(wire, sizeof its, &its) == 0)
        sched_setaffinity(0, sizeof its, &its);
    placing_program(&placing);
}

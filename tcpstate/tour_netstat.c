/* tour_netstat.c: the rows of the real netstat, as it prints them: the witness whom everybody knows. */
#include "tour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool netstat_is_there(void)
{
    return system("command -v netstat >/dev/null 2>&1") == 0; /* the shell's own word for it */
}

/* Whether an address of `row` ends in :PORT. */
static bool has_port(const char *row, unsigned port)
{
    char ending[16];
    snprintf(ending, sizeof ending, ":%u ", port);
    return strstr(row, ending) != NULL;
}

int netstat_rows(unsigned port, void (*fn)(const char *row, void *context), void *context)
{
    FILE *netstat = popen("netstat -ant 2>/dev/null", "r");
    if (netstat == NULL)
        return -1;
    char line[256];
    while (fgets(line, sizeof line, netstat)) {
        size_t length = strcspn(line, "\n");
        line[length] = '\0';
        if (has_port(line, port))
            fn(line, context);
    }
    return pclose(netstat) == 0 ? 0 : -1;
}

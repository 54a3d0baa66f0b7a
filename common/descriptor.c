#include "common/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

void keep_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR); /* takes the lowest free number */
    while (fd != -1 && fd <= STDERR_FILENO);
    if (fd != -1)
        close(fd);
}

int set_descriptor_flags(int fd)
{
    int status_flags = fcntl(fd, F_GETFL);
    if (status_flags == -1 || fcntl(fd, F_SETFL, status_flags | O_NONBLOCK) == -1)
        return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

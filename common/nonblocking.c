#include "common/nonblocking.h"

#include <fcntl.h>

int set_descriptor_flags(int fd)
{
    int status_flags = fcntl(fd, F_GETFL);
    if (status_flags == -1 || fcntl(fd, F_SETFL, status_flags | O_NONBLOCK) == -1)
        return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

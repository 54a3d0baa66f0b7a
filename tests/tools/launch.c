/* launch PROGRAM [ARG]...: becomes PROGRAM in a session of its own, as a shell on a terminal would start it: default
 * signal dispositions, an empty signal mask, no descriptor but 0, 1 and 2. A test's shell hands down an ignored SIGINT
 * (background jobs) and its own descriptors; both would change what is being tested.
 *
 * It runs thousands of times in a `make check`: an interpreter would need longer to start than the rest takes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LAST_SIGNAL = 64, LAST_DESCRIPTOR = 255, EXIT_NOT_RUN = 127 };

int main(int count, char *words[])
{
    sigset_t none;
    if (count < 2) {
        fprintf(stderr, "usage: launch PROGRAM [ARG]...\n");
        return 2;
    }
    (void)setsid(); /* fails for the leader of a process group: it has a session then, or a shell's job */
    for (int number = 1; number <= LAST_SIGNAL; number++)
        (void)signal(number, SIG_DFL); /* SIGKILL and SIGSTOP can't be set, and are what they should be */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int fd = STDERR_FILENO + 1; fd <= LAST_DESCRIPTOR; fd++)
        (void)close(fd);

    execvp(words[1], words + 1);
    fprintf(stderr, "%s can't be run: %s\n", words[1], strerror(errno));
    return EXIT_NOT_RUN;
}

#include "CMartlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void martlet_install_executors(void);
// In MartletProcessPool; null in a program without it.
extern void martlet_pool_process_main(void) __attribute__((weak));

// A process of a pool is the program itself, started anew: it is recognised before `main`, by a variable that nobody
// below it inherits. Swift's own constructor comes first in the link order, so its types are known here.
__attribute__((constructor)) static void take_over(void) {
    const char *name = getenv(MARTLET_POOL_PROCESS);
    if (!name) return;
    if (!martlet_pool_process_main) {
        static const char message[] = MARTLET_POOL_PROCESS " is set for a program without a process pool; unset it\n";
        ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
        (void)ignored;
        _exit(126);  // in place of running `main` a second time
    }
    char comm[16];
    snprintf(comm, sizeof comm, "%s", name);
    pthread_setname_np(pthread_self(), comm);
    unsetenv(MARTLET_POOL_PROCESS);
    martlet_install_executors();
    martlet_pool_process_main();
    exit(0);
}

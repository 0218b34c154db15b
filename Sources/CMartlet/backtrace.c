#include "CMartlet.h"

#include <execinfo.h>
#include <string.h>
#include <unistd.h>

int martlet_backtrace_signal(void) { return SIGRTMIN + 4; }

static void print_backtrace(int number) {
    (void)number;
    static const char title[] = "backtrace of a stalled event loop (addresses are offsets for addr2line or llvm-symbolizer):\n";
    void *frames[64];
    ssize_t ignored = write(STDERR_FILENO, title, sizeof title - 1);
    (void)ignored;
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
}

void martlet_install_backtrace_handler(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = print_backtrace;
    action.sa_flags = SA_RESTART;
    sigaction(martlet_backtrace_signal(), &action, NULL);
}

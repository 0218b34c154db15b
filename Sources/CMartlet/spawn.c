#include "CMartlet.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The child borrows this process's memory until execve, and this thread stands still meanwhile (CLONE_VM |
// CLONE_VFORK, as posix_spawn has it): copying the page tables would hold the loop up for 50 microseconds with each
// megabyte in use. So everything up to execve is async-signal-safe, allocates nothing, and writes to its own stack and
// to `struct launch` only.

enum step { STEP_CLONE, STEP_DESCRIPTORS, STEP_DIRECTORY, STEP_EXECUTE, STEP_USER };

struct launch {
    const struct martlet_spawn *request;
    int parent;
    int *moved;  ///< room for as many descriptors as the request has
    int failed_step;
    int error;  ///< 0 until something failed
};

static void fail(struct launch *launch, int step) {
    launch->failed_step = step;
    launch->error = errno;
    _exit(127);
}

static int above(int descriptor, int lowest) { return fcntl(descriptor, F_DUPFD_CLOEXEC, lowest); }

static int become(void *context) {
    struct launch *launch = context;
    const struct martlet_spawn *request = launch->request;
    int count = request->descriptor_count;
    // First everything out of the way of the numbers to be given out, then each to its place.
    int lowest = 3 + count;
    int executable = request->executable < 0 ? -1 : above(request->executable, lowest);
    if (request->executable >= 0 && executable < 0) fail(launch, STEP_DESCRIPTORS);
    int standard[3];
    for (int i = 0; i < count; i++)
        if ((launch->moved[i] = above(request->descriptors[i], lowest)) < 0) fail(launch, STEP_DESCRIPTORS);
    for (int i = 0; i < 3; i++) {
        standard[i] = request->standard[i] < 0 ? -1 : above(request->standard[i], lowest);
        if (request->standard[i] >= 0 && standard[i] < 0) fail(launch, STEP_DESCRIPTORS);
    }
    for (int i = 0; i < 3; i++)
        if (standard[i] >= 0 && dup2(standard[i], i) < 0) fail(launch, STEP_DESCRIPTORS);
    for (int i = 0; i < count; i++)
        if (dup2(launch->moved[i], 3 + i) < 0) fail(launch, STEP_DESCRIPTORS);

    // The system calls themselves: what libc makes of them changes all threads of the process whose memory this is. Before
    // the signal for the parent's death, which another user takes away.
    if (request->changes_user &&
        (syscall(SYS_setgroups, (size_t)request->group_count, request->groups) < 0 ||
         syscall(SYS_setresgid, request->group, request->group, request->group) < 0 ||
         syscall(SYS_setresuid, request->user, request->user, request->user) < 0))
        fail(launch, STEP_USER);

    if (request->new_session) setsid();
    if (request->new_group && !request->new_session) setpgid(0, 0);
    if (request->parent_death_signal) {
        prctl(PR_SET_PDEATHSIG, request->parent_death_signal);
        if (getppid() != launch->parent) _exit(127);  // it died before prctl
    }
    if (request->directory && chdir(request->directory) < 0) fail(launch, STEP_DIRECTORY);

    // The table of handlers is a copy, so the parent keeps its own; no handler of it may run here, on its memory.
    struct sigaction standard_action;
    memset(&standard_action, 0, sizeof standard_action);
    standard_action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard_action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (executable >= 0)
        syscall(SYS_execveat, executable, "", request->arguments, request->environment, AT_EMPTY_PATH);
    else
        execve(request->path, request->arguments, request->environment);
    fail(launch, STEP_EXECUTE);
    return 127;
}

int martlet_spawn(const struct martlet_spawn *request, int *pidfd, int *failed_step) {
    *failed_step = STEP_CLONE;
    size_t room = (size_t)request->descriptor_count * sizeof(int);
    size_t size = (64 << 10) + ((room + 15) & ~(size_t)15);
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -errno;
    struct launch launch = {.request = request, .parent = getpid(), .moved = (int *)stack};

    // No signal handler of the parent may run in the child before its dispositions are reset.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int descriptor = -1;
    // Returns once the child has executed the program or given up.
    int pid = clone(become, stack + size, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &launch, &descriptor);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, size);
    if (pid < 0) return -error;
    if (launch.error != 0) {
        *failed_step = launch.failed_step;
        siginfo_t info;
        while (waitid(P_PIDFD, (id_t)descriptor, &info, WEXITED) < 0 && errno == EINTR) {}
        close(descriptor);
        return -launch.error;
    }
    *pidfd = descriptor;
    return pid;
}

int martlet_pidfd_open(int pid) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    return descriptor < 0 ? -errno : descriptor;
}

int martlet_pidfd_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int martlet_pidfd_has_ended(int pidfd) {
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return -errno;
    return info.si_pid != 0;
}

int martlet_pidfd_reap(int pidfd, int *code, int *status) {
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0) return -errno;
    if (info.si_pid == 0) return 0;
    *code = info.si_code;
    *status = info.si_status;
    return 1;
}

const char *martlet_signal_abbreviation(int number) { return sigabbrev_np(number); }

const char *martlet_signal_words(int number) { return sigdescr_np(number); }

int martlet_affinity(int *cpus, int capacity) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return -errno;
    int count = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &set)) continue;
        if (count < capacity) cpus[count] = cpu;
        count++;
    }
    return count;
}

int martlet_set_affinity(int pid, int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < 0 || cpu >= CPU_SETSIZE) return -EINVAL;
    CPU_SET(cpu, &set);
    return sched_setaffinity(pid, sizeof set, &set) < 0 ? -errno : 0;
}

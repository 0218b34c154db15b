#include "CMartlet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum step { STEP_CLONE, STEP_DESCRIPTORS, STEP_DIRECTORY, STEP_EXECUTE };
struct failure {
    int step;
    int error;
};

// Everything up to execve is async-signal-safe and allocates nothing: the child is a copy of a process whose
// other threads, if any, are gone and may have held locks.
static void fail(int report, int step) {
    struct failure failure = {step, errno};
    ssize_t ignored = write(report, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

static int above(int descriptor, int lowest) { return fcntl(descriptor, F_DUPFD_CLOEXEC, lowest); }

static void become(const struct martlet_spawn *request, int report, int parent) {
    int count = request->descriptor_count;
    // First everything out of the way of the numbers to be given out, then each to its place.
    int lowest = 3 + count + 1;
    report = above(report, lowest);
    int executable = request->executable < 0 ? -1 : above(request->executable, lowest);
    if (report < 0 || (request->executable >= 0 && executable < 0)) _exit(127);
    int moved[count > 0 ? count : 1];
    int standard[3];
    for (int i = 0; i < count; i++)
        if ((moved[i] = above(request->descriptors[i], lowest)) < 0) fail(report, STEP_DESCRIPTORS);
    for (int i = 0; i < 3; i++) {
        standard[i] = request->standard[i] < 0 ? -1 : above(request->standard[i], lowest);
        if (request->standard[i] >= 0 && standard[i] < 0) fail(report, STEP_DESCRIPTORS);
    }
    for (int i = 0; i < 3; i++)
        if (standard[i] >= 0 && dup2(standard[i], i) < 0) fail(report, STEP_DESCRIPTORS);
    for (int i = 0; i < count; i++)
        if (dup2(moved[i], 3 + i) < 0) fail(report, STEP_DESCRIPTORS);

    if (request->new_session) setsid();
    if (request->parent_death_signal) {
        prctl(PR_SET_PDEATHSIG, request->parent_death_signal);
        if (getppid() != parent) _exit(127);  // it died before prctl
    }
    if (request->directory && chdir(request->directory) < 0) fail(report, STEP_DIRECTORY);

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
    fail(report, STEP_EXECUTE);
}

int martlet_spawn(const struct martlet_spawn *request, int *pidfd, int *failed_step) {
    *failed_step = STEP_CLONE;
    int pipe[2];
    if (pipe2(pipe, O_CLOEXEC) < 0) return -errno;

    // No signal handler of the parent may run in the child before its dispositions are reset.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int parent = getpid();
    int descriptor = -1;
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = CLONE_PIDFD;
    arguments.pidfd = (uint64_t)(uintptr_t)&descriptor;
    arguments.exit_signal = SIGCHLD;
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    // A seccomp filter cannot look into clone3's struct: systemd's RestrictNamespaces= says ENOSYS, for programs to
    // fall back.
    if (pid < 0 && errno == ENOSYS) pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &descriptor, NULL, NULL);
    int error = errno;
    if (pid == 0) become(request, pipe[1], parent);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(pipe[1]);
    if (pid < 0) {
        close(pipe[0]);
        return -error;
    }

    // The pipe closes at execve; until then the child runs only the few calls above.
    struct failure failure;
    ssize_t got;
    do got = read(pipe[0], &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    close(pipe[0]);
    if (got == sizeof failure) {
        *failed_step = failure.step;
        siginfo_t info;
        while (waitid(P_PIDFD, (id_t)descriptor, &info, WEXITED) < 0 && errno == EINTR) {}
        close(descriptor);
        return -failure.error;
    }
    *pidfd = descriptor;
    return (int)pid;
}

int martlet_pidfd_open(int pid) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    return descriptor < 0 ? -errno : descriptor;
}

int martlet_pidfd_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
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

// C shims for what Swift cannot import: variadic system calls, macros, thread-local storage, and the code that
// runs between clone3 and execve, where only async-signal-safe C may run.
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

// --- the loop's thread -------------------------------------------------------------------------------------

extern __thread bool martlet_thread_runs_loop;

/// Whether the calling thread is the one that runs the event loop.
static inline bool martlet_on_loop_thread(void) { return martlet_thread_runs_loop; }
static inline void martlet_enter_loop_thread(void) { martlet_thread_runs_loop = true; }

/// CLOCK_MONOTONIC in nanoseconds.
static inline uint64_t martlet_monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// --- counters: one writer, any reader, in memory that several processes may map ----------------------------

static inline uint64_t martlet_counter_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static inline void martlet_counter_store(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

// --- epoll: the data word and the flags, which the macros hide ----------------------------------------------

static inline int martlet_epoll_control(int poller, int operation, int descriptor, uint32_t events, uint64_t word) {
    struct epoll_event event = {.events = events, .data.u64 = word};
    return epoll_ctl(poller, operation, descriptor, &event);
}
static inline uint64_t martlet_epoll_word(const struct epoll_event *event) { return event->data.u64; }

// --- processes ------------------------------------------------------------------------------------------------

struct martlet_spawn {
    int executable;             ///< a descriptor to execute, or -1 to use `path`
    const char *path;           ///< absolute or relative path when `executable` is -1
    char *const *arguments;     ///< null-terminated
    char *const *environment;   ///< null-terminated
    const char *directory;      ///< working directory, or null
    int standard[3];            ///< descriptors that become 0, 1 and 2; -1 inherits
    const int *descriptors;     ///< descriptors that become 3, 4, 5, …
    int descriptor_count;
    int parent_death_signal;    ///< sent to the child when its parent dies, or 0
    bool new_session;           ///< setsid(), so that a terminal's signals reach the parent alone
};

/// clone3(CLONE_PIDFD) and execve. Returns the pid and stores a pidfd, or returns -errno: of clone3, or of what failed
/// in the child before execve (whose step is stored: 0 clone, 1 descriptors, 2 directory, 3 execve). man 2 clone3.
int martlet_spawn(const struct martlet_spawn *request, int *pidfd, int *failed_step);

int martlet_pidfd_open(int pid);
int martlet_pidfd_signal(int pidfd, int signal);
/// Reaps the child behind the pidfd without blocking: 1 reaped, 0 still running, -errno.
/// `code` is CLD_EXITED, CLD_KILLED or CLD_DUMPED, `status` the exit code or the signal. man 2 waitid.
int martlet_pidfd_reap(int pidfd, int *code, int *status);

/// CPUs in this process's affinity mask, at most `capacity` of them written in order. Returns how many there are, or
/// -errno.
int martlet_affinity(int *cpus, int capacity);
/// Binds a process (0: the calling thread) to one CPU: 0 or -errno. man 2 sched_setaffinity.
int martlet_set_affinity(int pid, int cpu);

/// Real-time signal that asks a process for a backtrace on standard error.
int martlet_backtrace_signal(void);
/// Installs the handler of that signal. man 3 backtrace.
void martlet_install_backtrace_handler(void);

// --- sockets ------------------------------------------------------------------------------------------------------

/// accept4(SOCK_NONBLOCK | SOCK_CLOEXEC) without asking for the peer's address; returns -1 with errno set.
int martlet_accept(int listener);
/// Bytes that a stream socket holds and the peer has not taken yet; -1 when that is unknown. man 7 tcp, SIOCOUTQ.
int martlet_unsent_bytes(int descriptor);

// --- memory files and descriptor passing ------------------------------------------------------------------------

/// memfd_create(MFD_CLOEXEC | MFD_ALLOW_SEALING).
int martlet_memfd(const char *name);
/// F_ADD_SEALS: no shrinking, growing, writing or further seals. man 2 fcntl.
int martlet_seal(int descriptor);

/// One message with descriptors (SCM_RIGHTS), MSG_NOSIGNAL | MSG_DONTWAIT. Returns bytes sent or -errno.
ssize_t martlet_send_message(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count);
/// One message; received descriptors are close-on-exec. Stores how many arrived in `descriptor_count` (in: capacity)
/// and whether bytes or descriptors were cut off. Returns bytes received (0 at the end of the stream) or -errno.
ssize_t martlet_receive_message(
    int socket, void *bytes, size_t capacity, int *descriptors, int *descriptor_count, bool *truncated);

/// Credentials of the process at the other end of a Unix socket; returns 0 or -errno. man 7 unix, SO_PEERCRED.
int martlet_peer_credentials(int socket, int *pid, unsigned *user, unsigned *group);

// C shims for what Swift cannot import: variadic system calls, macros, thread-local storage, and the code that
// runs between clone and execve, where only async-signal-safe C may run.
#pragma once
#include <pthread.h>
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

/// Whether what this thread has the runtime resume in this moment is the main actor's.
extern __thread bool martlet_thread_resumes_main;
static inline bool martlet_resumes_main(void) { return martlet_thread_resumes_main; }
static inline void martlet_set_resumes_main(bool value) { martlet_thread_resumes_main = value; }

/// The object of the task that runs on this thread, or null; its head is part of Swift's ABI (swift/ABI/Task.h).
__attribute__((swiftcall)) void *swift_task_getCurrent(void);
static inline void *martlet_current_task(void) { return swift_task_getCurrent(); }
/// Whether that has been cancelled; `Task.isCancelled` without keeping the task alive meanwhile.
__attribute__((swiftcall)) bool swift_task_isCancelled(void *task);
static inline bool martlet_task_is_cancelled(void) {
    void *task = swift_task_getCurrent();
    return task && swift_task_isCancelled(task);
}
/// Whether a task that waits has been cancelled: a continuation of the runtime's is the task's object.
static inline bool martlet_waiter_is_cancelled(void *continuation) { return swift_task_isCancelled(continuation); }
/// One word of it, as it is now: the compiler thinks that what it does to a task changes no memory.
static inline uintptr_t martlet_task_word(const void *task, size_t index) {
    return ((const volatile uintptr_t *)task)[index];
}

/// Has `martlet_wait_cancelled(waiter)` called when the current task is cancelled, at once if it has been, until the
/// record is removed. Records are removed in the reverse order of their making.
void *martlet_add_cancellation_handler(void *waiter);
void martlet_remove_cancellation_handler(void *record);
/// The same for other modules: what is called is what `context` begins with, and it gets `context`.
typedef void (*martlet_cancellation_call)(void *context);
void *martlet_add_cancellation_call(martlet_cancellation_call *context);

/// A descriptor that becomes readable at a time of CLOCK_MONOTONIC (man 2 timerfd_create); -1 and errno.
int martlet_alarm(void);
/// Sets for when, in nanoseconds, in place of when it was set for: 0, or -1 and errno.
int martlet_set_alarm(int alarm, uint64_t nanoseconds);

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

// --- words with several writers: threads, or processes that share memory ---------------------------------------

static inline uint64_t martlet_shared_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void martlet_shared_store(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
/// Adds, and wraps around.
static inline void martlet_shared_add(uint64_t *word, uint64_t amount) {
    __atomic_fetch_add(word, amount, __ATOMIC_RELAXED);
}
/// Makes the word `desired` if it is `expected`; returns whether it did.
static inline bool martlet_shared_replace(uint64_t *word, uint64_t expected, uint64_t desired) {
    return __atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
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
    bool new_group;             ///< setpgid(), so that it and the children it has can be signalled as one
    bool changes_user;          ///< whether it becomes somebody else
    unsigned user, group;       ///< real, effective and saved
    const unsigned *groups;     ///< supplementary
    int group_count;
};

/// clone(CLONE_PIDFD) and execve. Returns the pid and stores a pidfd, or returns -errno: of clone, or of what failed in
/// the child before execve (whose step is stored: 0 clone, 1 descriptors, 2 directory, 3 execve, 4 user). Takes some 100
/// microseconds, however large this process is. man 2 clone.
int martlet_spawn(const struct martlet_spawn *request, int *pidfd, int *failed_step);

int martlet_pidfd_open(int pid);
int martlet_pidfd_signal(int pidfd, int signal);
/// Whether the child behind the pidfd has ended: 1 when it has, 0 still running, -errno. It is not reaped, so its
/// number stays taken. man 2 waitid, WNOWAIT.
int martlet_pidfd_has_ended(int pidfd);
/// Reaps the child behind the pidfd without blocking: 1 reaped, 0 still running, -errno.
/// `code` is CLD_EXITED, CLD_KILLED or CLD_DUMPED, `status` the exit code or the signal. man 2 waitid.
int martlet_pidfd_reap(int pidfd, int *code, int *status);

/// `TERM` and `Terminated`; null for a number that has no name. man 3 sigdescr_np.
const char *martlet_signal_abbreviation(int number);
const char *martlet_signal_words(int number);

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
/// pipe2(O_CLOEXEC): 0, or -1 with errno set.
int martlet_pipe(int ends[2]);
/// Where `pattern` first is in `bytes`, or null. man 3 memmem.
const void *martlet_find(const void *bytes, size_t count, const void *pattern, size_t pattern_count);

// --- datagrams ----------------------------------------------------------------------------------------------------

/// The most that one call receives or sends.
#define MARTLET_DATAGRAMS 32

struct martlet_datagram {
    size_t offset;                    ///< where its bytes begin in the memory that goes with it
    size_t count;                     ///< how many they are
    uint32_t segment;                 ///< when the kernel has put several together (UDP_GRO): the size of each; else 0
    socklen_t address_length;         ///< of the sender, or of whom it goes to; 0: none
    bool is_truncated;                ///< whether it was longer than its slot
    struct sockaddr_storage address;
};

/// recvmmsg(MSG_DONTWAIT) into slots of as many bytes. Returns how many came, or -errno.
int martlet_receive_datagrams(int socket, void *memory, size_t slot, struct martlet_datagram *datagrams, int count);
/// sendmmsg(MSG_DONTWAIT | MSG_NOSIGNAL). Returns how many went, or -errno of the first.
int martlet_send_datagrams(int socket, const void *memory, struct martlet_datagram *datagrams, int count);
/// One sendmsg that the kernel cuts into datagrams of `segment` bytes (UDP_SEGMENT, man 7 udp). Returns the bytes, or
/// -errno.
ssize_t martlet_send_segments(
    int socket, const void *bytes, size_t count, uint16_t segment, const struct sockaddr *address, socklen_t length);
/// Lets the kernel put received datagrams of one sender together (UDP_GRO): 0 or -errno.
int martlet_enable_gro(int socket);
/// Joins or leaves a multicast group on an interface (0: the one that routing chooses): 0 or -errno. man 7 ip, ipv6.
int martlet_group(int socket, const struct sockaddr *group, int interface, bool joins);
/// The interface that multicast datagrams leave by: 0 or -errno.
int martlet_multicast_interface(int socket, int family, int interface);

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

// --- threads of pools -------------------------------------------------------------------------------------------------

/// Starts a joinable thread that gets no signals, with a name of at most 15 bytes. Returns 0 or -errno.
int martlet_start_thread(
    const char *name, size_t stack_size, void *(*body)(void *), void *context, pthread_t *thread);
/// Waits until `martlet_unpark` was called for the word, which is 0 at first, or for so long (-1: without limit), and makes
/// it 0 again. Returns whether it was called. man 2 futex.
bool martlet_park(uint32_t *word, int64_t nanoseconds);
/// Lets the one thread that parks at the word go on, now or when it gets there.
void martlet_unpark(uint32_t *word);

// --- processes of pools -----------------------------------------------------------------------------------------------

/// The environment variable that makes a program a process of a pool; its value is the pool's name.
#define MARTLET_POOL_PROCESS "MARTLET_POOL_PROCESS"

// --- files ------------------------------------------------------------------------------------------------------------

/// Reads what is in memory already, at an offset (-1: where the descriptor is, and moves on). Returns bytes read, -EAGAIN
/// when it would have to wait for the disk, or another -errno. man 2 preadv2, RWF_NOWAIT.
ssize_t martlet_read_cached(int descriptor, void *bytes, size_t count, int64_t offset);

#include "debugging.h"

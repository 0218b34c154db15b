// What the event loop's debug mode needs of C: a look into the tasks of Swift's runtime, a backtrace of the loop's
// thread while it is slow, and a signal that asks for a dump. Included by CMartlet.h.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// --- tasks of Swift's runtime (layouts: debugging.c) --------------------------------------------------------------

/// What a task is suspended on.
enum martlet_dependency {
    MARTLET_WAITS_FOR_NOTHING = 0,
    MARTLET_WAITS_FOR_TASK = 1,
    MARTLET_WAITS_FOR_CONTINUATION = 2,
    MARTLET_WAITS_FOR_GROUP = 3,
    MARTLET_WAITS_FOR_EXECUTOR = 4,
};

/// A task as it was found.
struct martlet_task {
    uint64_t id;
    const void *_Nullable parent;            ///< whose child it is
    const void *_Nullable awaited;           ///< the task that it waits for, when `dependency` says so
    enum martlet_dependency dependency;
    bool is_running, is_enqueued, is_complete, is_cancelled;
    bool is_async_let;                       ///< lies in its parent's memory: a reference does not keep it alive
    char name[64];                           ///< cut off at 63 bytes; empty when it has none
};

/// Copies memory that may not be there: false when it is not. Safe in a signal handler. man 2 process_vm_readv.
bool martlet_peek(uintptr_t address, void *_Nonnull result, size_t count);
/// Whether the system lets the process read its own memory that way.
bool martlet_can_read_memory(void);
/// Whether the runtime says that its tasks are laid out as they are read here.
bool martlet_task_layout_is_known(void);
/// The task behind a job; null when the job is something else.
const void *_Nullable martlet_task_of_job(const void *_Nonnull job);
/// Reads a task that may be gone or in use by another thread: false when there is no task at the address (any more).
bool martlet_task_read(const void *_Nonnull task, struct martlet_task *_Nonnull result);
/// Where the task that was read last goes on and where its callers do, innermost first. Returns how many were stored.
int martlet_task_frames(const void *_Nonnull task, uintptr_t *_Nonnull frames, int capacity);
/// The child tasks of the task that was read last. Returns how many were stored.
int martlet_task_children(const void *_Nonnull task, const void *_Nullable *_Nonnull children, int capacity);
/// The error with which a task ended, not retained; null when there is none or the task is a child. The caller holds
/// the task.
void *_Nullable martlet_task_error(const void *_Nonnull task);

/// The number of a task that is alive, which is what the caller knows.
uint64_t martlet_task_id(const void *_Nonnull task);
/// Whether a task that is alive has no name and does not lie in its parent's memory.
bool martlet_task_is_plain(const void *_Nonnull task);
/// Whether a task, which the caller holds, has ended.
bool martlet_task_has_ended(const void *_Nonnull task);

void martlet_task_retain(const void *_Nonnull task);
void martlet_task_release(const void *_Nonnull task);
/// How many references there are; exact only while no other thread has one.
uintptr_t martlet_task_references(const void *_Nonnull task);

// --- backtraces of the loop's thread while it is slow ----------------------------------------------------------------

enum { MARTLET_SAMPLE_FRAMES = 64, MARTLET_SAMPLE_CALLERS = 32 };

/// A backtrace that was taken by the handler of a timer's signal.
struct martlet_sample {
    uint64_t taken;                                  ///< CLOCK_MONOTONIC in nanoseconds
    int frame_count;
    uintptr_t frames[MARTLET_SAMPLE_FRAMES];         ///< innermost first; return addresses but for the first
    int caller_count;
    uintptr_t callers[MARTLET_SAMPLE_CALLERS];       ///< where the callers of the async function on the stack go on
};

/// Makes the timer for the calling thread: 0 or -errno. Its signal is SIGRTMIN+6. man 2 timer_create.
int martlet_sampler_start(void);
void martlet_sampler_stop(void);
/// A sample is taken once, after that time; 0 disarms.
void martlet_sampler_arm(uint64_t nanoseconds);
/// What the caller calls from now on is a job: a backtrace ends there.
void martlet_sampler_begin_job(void);
void martlet_sampler_end_job(void);
/// Moves the sample out, if one has been taken.
bool martlet_sampler_take(struct martlet_sample *_Nonnull result);
/// The caller's own backtrace.
void martlet_sample_here(struct martlet_sample *_Nonnull result);

// --- dumps on a signal ---------------------------------------------------------------------------------------------

/// The signal that asks for a dump of all tasks in debug mode: SIGRTMIN+5.
int martlet_dump_signal(void);
/// From now on the signal leaves a request and wakes the loop through the eventfd: 0 or -errno.
int martlet_dump_on(int signal, int wake_descriptor);
/// Whether there was a request since the last call.
bool martlet_dump_was_requested(void);

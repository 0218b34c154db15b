#include "CMartlet.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

// Backtraces of the loop's thread while it is slow, and the signal that asks for a dump of all tasks.

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#if defined(__x86_64__)
enum { FRAME_POINTER = 6 };
#elif defined(__aarch64__)
enum { FRAME_POINTER = 29 };
#else
enum { FRAME_POINTER = -1 };
#endif

static struct martlet_sample sample;
static volatile sig_atomic_t sample_is_taken;
static const void *volatile job_base;
static timer_t sample_timer;

/// Where code lies: what lies elsewhere is no return address. A library that is loaded later is left out.
enum { MAX_CODE_RANGES = 128 };
static struct { uintptr_t start, end; } code[MAX_CODE_RANGES];
static int code_ranges;

static int note_code(struct dl_phdr_info *info, size_t size, void *ignored) {
    (void)size, (void)ignored;
    for (int index = 0; index < info->dlpi_phnum && code_ranges < MAX_CODE_RANGES; index++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
        code[code_ranges].start = info->dlpi_addr + segment->p_vaddr;
        code[code_ranges++].end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    }
    return 0;
}

static bool is_code(uintptr_t address) {
    for (int index = 0; index < code_ranges; index++)
        if (address >= code[index].start && address < code[index].end) return true;
    return false;
}

struct walk {
    struct martlet_sample *result;
    bool has_begun;
    uintptr_t frame_pointers[MARTLET_SAMPLE_FRAMES];
};

static _Unwind_Reason_Code visit_frame(struct _Unwind_Context *context, void *state) {
    struct walk *walk = state;
    struct martlet_sample *result = walk->result;
    int is_exact = 0;
    uintptr_t address = _Unwind_GetIPInfo(context, &is_exact);
    // In a handler, the first exact address is that of the instruction at which the signal came.
    walk->has_begun = walk->has_begun || is_exact;
    if (!walk->has_begun) return _URC_NO_REASON;
    // What is below the job on the stack is the loop itself.
    bool is_loop = job_base && _Unwind_GetCFA(context) >= (uintptr_t)job_base;
    if (address == 0 || is_loop || result->frame_count == MARTLET_SAMPLE_FRAMES) return _URC_END_OF_STACK;
    walk->frame_pointers[result->frame_count] = FRAME_POINTER < 0 ? 0 : _Unwind_GetGR(context, FRAME_POINTER);
    result->frames[result->frame_count++] = address;
    return _URC_NO_REASON;
}

/// Follows the contexts of async functions; false when it is none that begins there.
static bool follow_callers(uintptr_t address, struct martlet_sample *result) {
    uintptr_t context[2];
    result->caller_count = 0;
    while (result->caller_count < MARTLET_SAMPLE_CALLERS) {
        if (address % 16 != 0 || !martlet_peek(address, context, sizeof context) || !is_code(context[1])) break;
        result->callers[result->caller_count++] = context[1];
        address = context[0];
        if (address == 0) return true;
    }
    bool is_cut_off = result->caller_count == MARTLET_SAMPLE_CALLERS;
    if (!is_cut_off) result->caller_count = 0;
    return is_cut_off;
}

static void martlet_walk_stack(struct martlet_sample *result, bool is_in_handler) {
    struct walk walk;
    walk.result = result;
    walk.has_begun = !is_in_handler;
    result->taken = martlet_monotonic_ns();
    result->frame_count = result->caller_count = 0;
    // Takes no lock and allocates nothing with glibc 2.35 and GCC 12 or newer (_dl_find_object).
    _Unwind_Backtrace(visit_frame, &walk);
    // An async function keeps its context in the word below the one that its frame pointer points at. The outermost one
    // of the job is the one that the task resumed; what called that is the runtime.
    for (int index = result->frame_count - 1; job_base && index >= 0; index--) {
        uintptr_t context;
        if (!martlet_peek(walk.frame_pointers[index] - sizeof context, &context, sizeof context)) continue;
        if (!follow_callers(context, result)) continue;
        result->frame_count = index + 1;
        return;
    }
}

static void take_sample(int number) {
    (void)number;
    if (sample_is_taken) return;
    int error = errno;
    martlet_walk_stack(&sample, true);
    sample_is_taken = 1;
    errno = error;
}

static _Unwind_Reason_Code warm_up(struct _Unwind_Context *context, void *ignored) {
    (void)context, (void)ignored;
    return _URC_NO_REASON;
}

int martlet_sampler_start(void) {
    code_ranges = 0;
    dl_iterate_phdr(note_code, NULL);
    // Whatever the unwinder loads or allocates at its first use must not happen in the handler.
    _Unwind_Backtrace(warm_up, NULL);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = take_sample;
    action.sa_flags = SA_RESTART;
    if (sigaction(SIGRTMIN + 6, &action, NULL) != 0) return -errno;
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGRTMIN + 6;
    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
    return timer_create(CLOCK_MONOTONIC, &event, &sample_timer) == 0 ? 0 : -errno;
}

void martlet_sampler_stop(void) { timer_delete(sample_timer); }

void martlet_sampler_arm(uint64_t nanoseconds) {
    struct itimerspec when;
    memset(&when, 0, sizeof when);
    when.it_value.tv_sec = (time_t)(nanoseconds / 1000000000u);
    when.it_value.tv_nsec = (long)(nanoseconds % 1000000000u);
    timer_settime(sample_timer, 0, &when, NULL);
}

__attribute__((noinline)) void martlet_sampler_begin_job(void) { job_base = __builtin_frame_address(0); }
void martlet_sampler_end_job(void) { job_base = NULL; }

__attribute__((noinline)) void martlet_sample_here(struct martlet_sample *result) { martlet_walk_stack(result, false); }

bool martlet_sampler_take(struct martlet_sample *result) {
    if (!sample_is_taken) return false;
    *result = sample;
    sample_is_taken = 0;
    return true;
}

static volatile sig_atomic_t dump_is_requested;
static volatile int dump_wake_descriptor = -1;

static void request_dump(int number) {
    (void)number;
    int error = errno;
    uint64_t one = 1;
    dump_is_requested = 1;
    ssize_t ignored = write(dump_wake_descriptor, &one, sizeof one);
    (void)ignored;
    errno = error;
}

int martlet_dump_signal(void) { return SIGRTMIN + 5; }

int martlet_dump_on(int signal, int wake_descriptor) {
    dump_wake_descriptor = wake_descriptor;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = request_dump;
    action.sa_flags = SA_RESTART;
    return sigaction(signal, &action, NULL) == 0 ? 0 : -errno;
}

bool martlet_dump_was_requested(void) {
    if (!dump_is_requested) return false;
    dump_is_requested = 0;
    return true;
}

#include "CMartlet.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

// Tasks of Swift's runtime.
//
// The runtime tells debuggers which layout its tasks have (stdlib/public/Concurrency/Debug.h). Version 1 is Swift 6.1
// to 6.3 at least, with 64-bit words and without priority escalation:
//
//   AsyncTask (swift/ABI/Task.h, TaskPrivate.h)
//     0 HeapObject            16 SchedulerPrivate[2]   32 Flags u32          36 Id u32, low half
//    40 Voucher               48 Reserved              56 ResumeTask         64 ResumeContext
//    72 Reserved              80 ExclusivityAccess[2]  96 status flags u32  104 innermost status record
//   112 allocator (3 words)  136 task locals          144 Id u32, high half
//   then, behind the task: ChildFragment { Parent, NextChild } in a child, group in a child of a group,
//   FutureFragment { wait queue with the status in its low bits, result type, error } in a future
//   AsyncContext { Parent, ResumeParent }
//   TaskStatusRecord { kind u8, Parent } (swift/ABI/TaskStatus.h), followed
//     in kind 0, a dependency, by what it depends on (2 words) and which kind that is u32,
//     in kinds 1 and 2, child tasks and task group, by the first child,
//     in kind 6, the name, by the characters' address.
//
// All of it is read through the kernel, which refuses what is not mapped: a task may be changed by another thread, or
// be freed, while it is looked at.

extern const uint32_t _swift_concurrency_debug_internal_layout_version __attribute__((weak));
extern const size_t _swift_concurrency_debug_asyncTaskSize __attribute__((weak));
extern const bool _swift_concurrency_debug_supportsPriorityEscalation __attribute__((weak));
extern const void *const _swift_concurrency_debug_asyncTaskMetadata __attribute__((weak));
extern const void *const _swift_concurrency_debug_future_adapter __attribute__((weak));
extern const void *const _swift_concurrency_debug_non_future_adapter __attribute__((weak));

extern void *swift_retain(void *object);
extern void swift_release(void *object);
extern size_t swift_retainCount(void *object);

enum {
    TASK_SIZE = 208,
    WORD_FLAGS_AND_ID = 4, WORD_RESUME = 7, WORD_CONTEXT = 8, WORD_STATUS = 12, WORD_RECORD = 13, WORD_HIGH_ID = 18,
    HEAD_WORDS = 19,

    JOB_KIND_TASK = 0,
    FLAG_CHILD = 1 << 24, FLAG_FUTURE = 1 << 25, FLAG_GROUP_CHILD = 1 << 26, FLAG_ASYNC_LET = 1 << 28,
    FLAG_NAMED = 1 << 30,

    STATUS_CANCELLED = 0x100, STATUS_RUNNING = 0x800, STATUS_ENQUEUED = 0x1000, STATUS_COMPLETE = 0x2000,

    RECORD_DEPENDENCY = 0, RECORD_CHILD = 1, RECORD_GROUP = 2, RECORD_NAME = 6,
    RECORD_WORDS = 5, MAX_RECORDS = 64,

    FUTURE_STATUS_MASK = 3, FUTURE_FAILED = 2,
    // In front of a task's first context, as seen from its end: entry point, closure, error (Task.cpp).
    ENTRY_POINT_BEFORE_CONTEXT = 24,
};

bool martlet_peek(uintptr_t address, void *result, size_t count) {
    struct iovec here = {result, count}, there = {(void *)address, count};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)count;
}

// What belongs to a task lies close together: whole pages are read, and kept until the next task is.

enum { PAGE = 4096, KEPT_PAGES = 8 };
static struct {
    uintptr_t address;
    unsigned char bytes[PAGE];
} kept[KEPT_PAGES];

static void forget_pages(void) {
    for (int index = 0; index < KEPT_PAGES; index++) kept[index].address = 0;
}

static bool peek_kept(uintptr_t address, void *result, size_t count) {
    uintptr_t page = address & ~(uintptr_t)(PAGE - 1);
    size_t offset = address - page;
    if (offset + count > PAGE || page == 0) return martlet_peek(address, result, count);
    int index = (int)(page / PAGE % KEPT_PAGES);
    if (kept[index].address != page) {
        kept[index].address = 0;
        if (!martlet_peek(page, kept[index].bytes, PAGE)) return false;
        kept[index].address = page;
    }
    memcpy(result, kept[index].bytes + offset, count);
    return true;
}

bool martlet_can_read_memory(void) {
    uint64_t here = 0x6d6172746c6574, copy = 0;
    return martlet_peek((uintptr_t)&here, &copy, sizeof copy) && copy == here;
}

bool martlet_task_layout_is_known(void) {
    return sizeof(void *) == 8 && &_swift_concurrency_debug_internal_layout_version &&
           &_swift_concurrency_debug_asyncTaskSize && &_swift_concurrency_debug_supportsPriorityEscalation &&
           &_swift_concurrency_debug_asyncTaskMetadata && &_swift_concurrency_debug_future_adapter &&
           &_swift_concurrency_debug_non_future_adapter && _swift_concurrency_debug_internal_layout_version == 1 &&
           _swift_concurrency_debug_asyncTaskSize == TASK_SIZE && !_swift_concurrency_debug_supportsPriorityEscalation;
}

static bool read_head(const void *task, uintptr_t head[HEAD_WORDS]) {
    return peek_kept((uintptr_t)task, head, HEAD_WORDS * sizeof head[0]) &&
           head[0] == (uintptr_t)_swift_concurrency_debug_asyncTaskMetadata;
}

/// Calls `visit` with each status record, innermost first, until it returns false.
static void each_record(uintptr_t first, bool (*visit)(const uintptr_t *record, void *state), void *state) {
    uintptr_t record[RECORD_WORDS], address = first;
    for (int count = 0; address && count < MAX_RECORDS; count++) {
        if (!peek_kept(address, record, sizeof record) || !visit(record, state)) return;
        address = record[1];
    }
}

/// A string of which it is not known how long its memory is: read up to the end of each page.
static void read_name(uintptr_t address, char *name, size_t capacity) {
    size_t length = 0;
    while (length < capacity - 1) {
        size_t to_page_end = 4096 - ((address + length) & 4095), room = capacity - 1 - length;
        size_t count = to_page_end < room ? to_page_end : room;
        if (!peek_kept(address + length, name + length, count)) break;
        size_t part = strnlen(name + length, count);
        length += part;
        if (part < count) break;
    }
    name[length] = 0;
}

static bool describe(const uintptr_t *record, void *state) {
    struct martlet_task *result = state;
    switch ((uint8_t)record[0]) {
    case RECORD_DEPENDENCY:
        result->dependency = (enum martlet_dependency)(uint32_t)record[4];
        if (result->dependency == MARTLET_WAITS_FOR_TASK) result->awaited = (const void *)record[2];
        break;
    case RECORD_NAME:
        read_name(record[2], result->name, sizeof result->name);
        break;
    }
    return true;
}

const void *martlet_task_of_job(const void *job) {
    uint32_t flags = (uint32_t)((const uintptr_t *)job)[WORD_FLAGS_AND_ID];
    return (flags & 0xff) == JOB_KIND_TASK ? job : NULL;
}

bool martlet_task_read(const void *task, struct martlet_task *result) {
    uintptr_t head[HEAD_WORDS];
    memset(result, 0, sizeof *result);
    forget_pages();
    if (!read_head(task, head)) return false;
    uint32_t flags = (uint32_t)head[WORD_FLAGS_AND_ID], status = (uint32_t)head[WORD_STATUS];
    result->id = (uint64_t)(uint32_t)head[WORD_HIGH_ID] << 32 | head[WORD_FLAGS_AND_ID] >> 32;
    result->is_running = status & STATUS_RUNNING;
    result->is_enqueued = status & STATUS_ENQUEUED;
    result->is_complete = status & STATUS_COMPLETE;
    result->is_cancelled = status & STATUS_CANCELLED;
    result->is_async_let = flags & FLAG_ASYNC_LET;
    if (flags & FLAG_CHILD) peek_kept((uintptr_t)task + TASK_SIZE, &result->parent, sizeof result->parent);
    each_record(head[WORD_RECORD], describe, result);
    return true;
}

int martlet_task_frames(const void *task, uintptr_t *frames, int capacity) {
    uintptr_t head[HEAD_WORDS], context[2], address;
    if (capacity < 1 || !read_head(task, head)) return 0;
    int count = 0;
    frames[count++] = head[WORD_RESUME];
    address = head[WORD_CONTEXT];
    // Not begun yet: what it resumes is the runtime's, which calls the function that is noted in front of the context.
    if (frames[0] == (uintptr_t)_swift_concurrency_debug_future_adapter ||
        frames[0] == (uintptr_t)_swift_concurrency_debug_non_future_adapter)
        return peek_kept(address - ENTRY_POINT_BEFORE_CONTEXT, frames, sizeof frames[0]);
    for (; address && count < capacity && peek_kept(address, context, sizeof context); address = context[0])
        // The context of a continuation resumes what the task resumes.
        if (context[1] != frames[count - 1]) frames[count++] = context[1];
    return count;
}

struct children {
    const void **tasks;
    int count, capacity;
};

static bool collect_children(const uintptr_t *record, void *state) {
    struct children *children = state;
    uint8_t kind = (uint8_t)record[0];
    if (kind != RECORD_CHILD && kind != RECORD_GROUP) return true;
    uintptr_t child = record[2];
    while (child && children->count < children->capacity) {
        children->tasks[children->count++] = (const void *)child;
        if (!peek_kept(child + TASK_SIZE + sizeof child, &child, sizeof child)) break;
    }
    return true;
}

int martlet_task_children(const void *task, const void **children, int capacity) {
    uintptr_t head[HEAD_WORDS];
    if (!read_head(task, head)) return 0;
    struct children state = {children, 0, capacity};
    each_record(head[WORD_RECORD], collect_children, &state);
    return state.count;
}

void *martlet_task_error(const void *task) {
    const uintptr_t *words = task;
    uint32_t flags = (uint32_t)words[WORD_FLAGS_AND_ID];
    if (!(flags & FLAG_FUTURE) || flags & (FLAG_CHILD | FLAG_GROUP_CHILD)) return NULL;
    const uintptr_t *future = words + TASK_SIZE / sizeof words[0];
    return (future[0] & FUTURE_STATUS_MASK) == FUTURE_FAILED ? (void *)future[2] : NULL;
}

uint64_t martlet_task_id(const void *task) {
    const uintptr_t *words = task;
    return (uint64_t)(uint32_t)words[WORD_HIGH_ID] << 32 | words[WORD_FLAGS_AND_ID] >> 32;
}

bool martlet_task_is_plain(const void *task) {
    return !((uint32_t)((const uintptr_t *)task)[WORD_FLAGS_AND_ID] & (uint32_t)(FLAG_NAMED | FLAG_ASYNC_LET));
}

bool martlet_task_has_ended(const void *task) {
    const uint32_t *status = (const uint32_t *)((const uintptr_t *)task + WORD_STATUS);
    return __atomic_load_n(status, __ATOMIC_ACQUIRE) & STATUS_COMPLETE;
}

void martlet_task_retain(const void *task) { swift_retain((void *)task); }
void martlet_task_release(const void *task) { swift_release((void *)task); }
uintptr_t martlet_task_references(const void *task) { return swift_retainCount((void *)task); }

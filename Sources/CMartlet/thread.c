#include "CMartlet.h"

__thread bool martlet_thread_runs_loop = false;
__thread bool martlet_thread_resumes_main = false;

extern void martlet_install_executors(void);

// Runs before main in every program that links MartletLoop: Swift's runtime asks for its executors once, at the first
// job.
__attribute__((constructor)) static void install_executors(void) { martlet_install_executors(); }

// What `withTaskCancellationHandler` is made of (stdlib/public/Concurrency/TaskStatus.cpp; exported, so it stays as it
// is). Directly, a wait costs one asynchronous call in place of three.
extern void martlet_wait_cancelled(void *waiter);
typedef __attribute__((swiftcall)) void (*cancellation_handler)(__attribute__((swift_context)) void *);
extern __attribute__((swiftcall)) void *swift_task_addCancellationHandler(cancellation_handler handler, void *context);
extern __attribute__((swiftcall)) void swift_task_removeCancellationHandler(void *record);

static __attribute__((swiftcall)) void cancelled(__attribute__((swift_context)) void *waiter) {
    martlet_wait_cancelled(waiter);
}

void *martlet_add_cancellation_handler(void *waiter) { return swift_task_addCancellationHandler(cancelled, waiter); }

static __attribute__((swiftcall)) void called(__attribute__((swift_context)) void *context) {
    (*(martlet_cancellation_call *)context)(context);
}

void *martlet_add_cancellation_call(martlet_cancellation_call *context) {
    return swift_task_addCancellationHandler(called, context);
}

void martlet_remove_cancellation_handler(void *record) { swift_task_removeCancellationHandler(record); }

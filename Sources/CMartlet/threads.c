#include "CMartlet.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

int martlet_start_thread(
    const char *name, size_t stack_size, void *(*body)(void *), void *context, pthread_t *thread) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) return -error;
    error = pthread_attr_setstacksize(&attributes, stack_size);
    if (error == 0) {
        // A thread inherits the mask of the one that starts it.
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        error = pthread_create(thread, &attributes, body, context);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    if (error != 0) return -error;
    pthread_setname_np(*thread, name);  // fails only for a name that is too long, or on a thread that has ended
    return 0;
}

bool martlet_park(uint32_t *word, int64_t nanoseconds) {
    struct timespec deadline;
    if (nanoseconds >= 0) {
        clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_sec += nanoseconds / 1000000000;
        deadline.tv_nsec += nanoseconds % 1000000000;
        if (deadline.tv_nsec >= 1000000000) {
            deadline.tv_sec++;
            deadline.tv_nsec -= 1000000000;
        }
    }
    while (__atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE) == 0) {
        // FUTEX_WAIT_BITSET takes a deadline where FUTEX_WAIT takes a duration.
        long result = syscall(
            SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, 0, nanoseconds >= 0 ? &deadline : NULL, NULL,
            FUTEX_BITSET_MATCH_ANY);
        if (result < 0 && errno == ETIMEDOUT) return __atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE) != 0;
    }
    return true;
}

void martlet_unpark(uint32_t *word) {
    __atomic_store_n(word, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

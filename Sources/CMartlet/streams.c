#include "CMartlet.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int martlet_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

const void *martlet_find(const void *bytes, size_t count, const void *pattern, size_t pattern_count) {
    return memmem(bytes, count, pattern, pattern_count);
}

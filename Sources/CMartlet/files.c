#include "CMartlet.h"

#include <errno.h>
#include <sys/uio.h>

ssize_t martlet_read_cached(int descriptor, void *bytes, size_t count, int64_t offset) {
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    ssize_t got = preadv2(descriptor, &part, 1, offset, RWF_NOWAIT);
    return got < 0 ? -errno : got;
}

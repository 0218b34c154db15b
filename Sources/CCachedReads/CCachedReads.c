#include "CCachedReads.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

// What this thread may do, and why a read has failed because of that.
static _Thread_local bool is_forbidden;
static _Thread_local int refusal;

void martlet_forbid_disk_reads(bool forbidden)
{
    is_forbidden = forbidden;
    refusal = 0;
}

int martlet_disk_read_refusal(void)
{
    return refusal;
}

ssize_t martlet_read_if_cached(int descriptor, void *bytes, size_t count, off_t offset)
{
    if (!is_forbidden)
        return pread(descriptor, bytes, count, offset);
    struct iovec vector = {bytes, count};
    ssize_t result = preadv2(descriptor, &vector, 1, offset, RWF_NOWAIT);
    if (result < 0 && (errno == EAGAIN || errno == EOPNOTSUPP || errno == ENOSYS))
        refusal = errno;
    return result;
}

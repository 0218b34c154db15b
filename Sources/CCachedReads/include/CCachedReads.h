#pragma once

#include <stdbool.h>
#include <sys/types.h>

/// Whether `martlet_read_if_cached` of this thread fails where it would have to wait for the disk; forgets the refusal.
void martlet_forbid_disk_reads(bool forbidden);
/// Why a read of this thread has failed since disk reads were forbidden: EAGAIN, it would have had to wait; EOPNOTSUPP or
/// ENOSYS, nobody can tell; 0, none has.
int martlet_disk_read_refusal(void);
/// pread, which fails with EAGAIN where it would have to wait for the disk and that is forbidden (man 2 preadv2, RWF_NOWAIT).
ssize_t martlet_read_if_cached(int descriptor, void *bytes, size_t count, off_t offset);

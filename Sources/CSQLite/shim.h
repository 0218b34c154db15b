#pragma once
#include <sqlite3.h>
#include <sys/types.h>

/// SQLITE_TRANSIENT is a macro with a cast, which Swift does not import: bytes are copied before the call returns. An
/// empty text may come without an address, which SQLite would take for NULL.
static inline int martlet_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count)
{
    return sqlite3_bind_text64(statement, index, bytes ? bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int martlet_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count)
{
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/// Has SQLite keep no account of its memory, which nobody asks for: it would take a lock for each allocation. Before
/// anything else is done with it; later, this does nothing.
static inline int martlet_sqlite_keep_no_statistics(void)
{
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// sqlite3_db_config takes variable arguments: a file that somebody else wrote must not run what it likes.
static inline int martlet_sqlite_harden(sqlite3 *connection)
{
    int status = sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    if (status == SQLITE_OK)
        status = sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
    return status;
}

/// Makes all connections of this process read files by this function, which is as pread(2).
static inline int martlet_sqlite_read_by(ssize_t (*read)(int, void *, size_t, off_t))
{
    sqlite3_vfs *files = sqlite3_vfs_find((const char *)0);
    if (files == (sqlite3_vfs *)0 || files->iVersion < 3 || files->xSetSystemCall == (void *)0)
        return SQLITE_ERROR;
    // Where off_t has 64 bits the two are one, and SQLite calls the one that it was built with.
    int status = files->xSetSystemCall(files, "pread", (sqlite3_syscall_ptr)read);
    int wide = files->xSetSystemCall(files, "pread64", (sqlite3_syscall_ptr)read);
    return sizeof(off_t) == 8 && (status == SQLITE_OK || wide == SQLITE_OK) ? SQLITE_OK : SQLITE_ERROR;
}

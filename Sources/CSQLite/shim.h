#pragma once
#include <sqlite3.h>

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

/// sqlite3_db_config takes variable arguments: a file that somebody else wrote must not run what it likes.
static inline int martlet_sqlite_harden(sqlite3 *connection)
{
    int status = sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    if (status == SQLITE_OK)
        status = sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
    return status;
}

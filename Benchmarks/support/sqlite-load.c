// SQLite's C API called in a loop: sqlite-load get|set DIRECTORY SECONDS
//
// get: rows by key from a table as MartletStore's, one prepared statement; set: the same rows, each in a durable transaction
// of its own. Prints {"requests": ..., "errors": ..., "cpu": nanoseconds, "wall": nanoseconds}.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { KEYS = 10000, SIZE = 100 };

static long long wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL
        + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
}

static sqlite3 *database;

static void must(int status)
{
    if (status != SQLITE_OK && status != SQLITE_DONE) {
        fprintf(stderr, "sqlite-load: %s\n", sqlite3_errmsg(database));
        exit(1);
    }
}

static sqlite3_stmt *prepared(const char *sql)
{
    sqlite3_stmt *statement;
    must(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    return statement;
}

static void step(sqlite3_stmt *statement)
{
    must(sqlite3_step(statement));
    sqlite3_reset(statement);
}

static void bind_key(sqlite3_stmt *statement, int index, int number)
{
    char key[32];
    int count = snprintf(key, sizeof key, "key-%d", number);
    must(sqlite3_bind_blob(statement, index, key, count, SQLITE_TRANSIENT));
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int writes = strcmp(argv[1], "set") == 0;
    char path[4096], value[SIZE];
    snprintf(path, sizeof path, "%s/loop.db", argv[2]);
    memset(value, 'x', SIZE);
    must(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
    must(sqlite3_exec(database,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE IF NOT EXISTS entries (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL, type TEXT,"
        " version INTEGER NOT NULL, expiry INTEGER) WITHOUT ROWID", NULL, NULL, NULL));
    sqlite3_stmt *begin = prepared("BEGIN IMMEDIATE"), *commit = prepared("COMMIT");
    sqlite3_stmt *set = prepared(
        "INSERT INTO entries (key, value, version) VALUES (?1, ?2, 1) ON CONFLICT (key) DO UPDATE SET value = ?2");
    sqlite3_stmt *get = prepared("SELECT value, type, version, expiry FROM entries WHERE key = ?");
    must(sqlite3_bind_blob(set, 2, value, SIZE, SQLITE_STATIC));
    step(begin);
    for (int number = 0; number < KEYS; number++) {
        bind_key(set, 1, number);
        step(set);
    }
    step(commit);

    long long requests = 0, errors = 0, start = wall(), spent = cpu(), length = (long long)(atof(argv[3]) * 1e9);
    int number = 0;
    while (wall() - start < length) {
        // The clock is asked once for several reads.
        for (int count = writes ? 1 : 64; count > 0; count--, requests++) {
            number = (number + 7919) % KEYS;
            if (writes) {
                step(begin);
                // SQLite writes nothing where the value is what it was.
                memcpy(value, &requests, sizeof requests);
                bind_key(set, 1, number);
                step(set);
                step(commit);
            } else {
                bind_key(get, 1, number);
                if (sqlite3_step(get) != SQLITE_ROW || sqlite3_column_bytes(get, 0) != SIZE)
                    errors++;
                char copy[SIZE];
                memcpy(copy, sqlite3_column_blob(get, 0), SIZE);
                __asm__ volatile("" : : "r"(copy) : "memory");
                sqlite3_reset(get);
            }
        }
    }
    printf("{\"requests\": %lld, \"errors\": %lld, \"cpu\": %lld, \"wall\": %lld}\n", requests, errors, cpu() - spent,
        wall() - start);
    return 0;
}

/// The tables of a file with queues.
///
/// Everything that a claim asks has an index of its own, so that it takes as long with a million jobs as with ten.
/// That a key runs once is the index `jobs_one_per_key`: whatever a program does, SQLite refuses a second one. The counts
/// are kept by triggers, because counting a million rows for each job that is added would not do.
nonisolated enum JobSchema {
    static let migrations = [
        """
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            queue TEXT NOT NULL,
            kind TEXT NOT NULL,
            payload BLOB NOT NULL,
            key TEXT,
            state TEXT NOT NULL CHECK (state IN ('scheduled', 'waiting', 'held', 'running', 'done', 'dead')),
            priority INTEGER NOT NULL,
            due INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            maximum INTEGER NOT NULL,
            backoff_first INTEGER NOT NULL,
            backoff_longest INTEGER NOT NULL,
            backoff_factor REAL NOT NULL,
            timeout INTEGER,
            claims INTEGER NOT NULL DEFAULT 0,
            worker TEXT,
            lease INTEGER NOT NULL DEFAULT 0,
            progress REAL NOT NULL DEFAULT 0,
            note TEXT,
            error TEXT,
            created INTEGER NOT NULL,
            started INTEGER,
            finished INTEGER
        ) STRICT;
        CREATE INDEX jobs_by_state ON jobs (queue, state, id);
        CREATE INDEX jobs_waiting ON jobs (queue, priority DESC, due, id) WHERE state = 'waiting';
        CREATE INDEX jobs_scheduled ON jobs (queue, due) WHERE state = 'scheduled';
        CREATE INDEX jobs_running ON jobs (queue, lease) WHERE state = 'running';
        CREATE INDEX jobs_finished ON jobs (queue, state, finished) WHERE state IN ('done', 'dead');
        CREATE INDEX jobs_by_key ON jobs (queue, key, state, priority DESC, due, id) WHERE key IS NOT NULL;
        CREATE UNIQUE INDEX jobs_one_per_key ON jobs (queue, key) WHERE state = 'running' AND key IS NOT NULL;

        CREATE TABLE counts (
            queue TEXT NOT NULL,
            state TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (queue, state)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER jobs_come AFTER INSERT ON jobs BEGIN
            INSERT INTO counts VALUES (new.queue, new.state, 1) ON CONFLICT DO UPDATE SET number = number + 1;
        END;
        CREATE TRIGGER jobs_go AFTER DELETE ON jobs BEGIN
            UPDATE counts SET number = number - 1 WHERE queue = old.queue AND state = old.state;
        END;
        CREATE TRIGGER jobs_move AFTER UPDATE OF state ON jobs WHEN old.state != new.state BEGIN
            UPDATE counts SET number = number - 1 WHERE queue = old.queue AND state = old.state;
            INSERT INTO counts VALUES (new.queue, new.state, 1) ON CONFLICT DO UPDATE SET number = number + 1;
        END;

        CREATE TABLE schedules (
            queue TEXT NOT NULL,
            name TEXT NOT NULL,
            last INTEGER NOT NULL,
            PRIMARY KEY (queue, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE boots (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        """,
        // SQLite takes a partial index only where its condition stands in the statement, too. And a lease knows when it
        // began, so that one of another boot of the machine is known by beginning in the future.
        """
        DROP TABLE boots;
        DROP INDEX jobs_finished;
        CREATE INDEX jobs_finished ON jobs (queue, state, finished) WHERE finished IS NOT NULL;
        ALTER TABLE jobs ADD COLUMN leased INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX jobs_leased ON jobs (queue, leased) WHERE state = 'running';
        """,
        // A job that is deleted while it runs keeps its key until its handler has stopped.
        """
        ALTER TABLE jobs ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX jobs_deleted ON jobs (queue) WHERE deleted = 1;
        """,
    ]
}

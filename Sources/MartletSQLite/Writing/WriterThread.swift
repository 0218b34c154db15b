import MartletLoop

/// What a `SQLiteWriter` does off the loop.
///
/// `@unchecked Sendable`, because: only closures on the writer's pool touch it, which has one thread and runs one closure
/// after the other; the pool's queue orders what one closure has written before what the next one reads.
final class WriterThread: @unchecked Sendable {
    private let path: String
    private var connection: SQLiteConnection?
    /// How many of the next transactions give each write a savepoint. A savepoint costs about as much as a small write, so
    /// that there are none where no write throws after it has changed something; where one has, others are likely to.
    private var carefulTransactions = 0
    private static let transactionsOfCare = 64

    init(_ connection: SQLiteConnection) {
        path = connection.path
        self.connection = connection
    }

    func close() {
        connection = nil
    }

    /// Runs writes in one transaction, until they are done or the time is over.
    ///
    /// - Returns: how many of them have an outcome: at least one.
    func commit(_ writes: [any QueuedWrite], within time: Duration) -> Int {
        guard let connection else { return fail(writes[...], SQLiteError.closed(path)) }
        let isCareful = carefulTransactions > 0
        if isCareful { carefulTransactions -= 1 }
        return commit(writes, within: time, carefully: isCareful, connection)
    }

    /// - Parameter carefully: whether each write gets a savepoint, so that one that throws undoes nothing but itself.
    private func commit(
        _ writes: [any QueuedWrite], within time: Duration, carefully: Bool, _ connection: SQLiteConnection
    ) -> Int {
        do {
            try connection.execute("BEGIN IMMEDIATE")
        } catch {
            return fail(writes[...], error)
        }
        guard writes.count > 1 else {
            commitAlone(writes[0], connection)
            return 1
        }
        let clock = ContinuousClock()
        let end = clock.now + time
        var count = 0
        for write in writes {
            count += 1
            switch carefully ? runInSavepoint(write, connection) : run(write, connection) {
            case .sound: break
            case .lost: return startOver(writes[..<count], connection)
            case .spoilt:
                rollBack(connection)
                carefulTransactions = Self.transactionsOfCare
                return commit(writes, within: time, carefully: true, connection)
            }
            if clock.now >= end { break }
        }
        return commit(writes[..<count], connection)
    }

    private func commit(_ writes: ArraySlice<any QueuedWrite>, _ connection: SQLiteConnection) -> Int {
        do {
            try connection.execute("COMMIT")
            return writes.count
        } catch {
            // Whether the end of the journal is on the disk is unknown then, so that running a write again could do it
            // twice.
            guard (error as? SQLiteError)?.code != .inputOutput else {
                rollBack(connection)
                return fail(writes, error)
            }
            return startOver(writes, connection)
        }
    }

    /// The transaction is lost, through the fault of one: each by itself.
    private func startOver(_ writes: ArraySlice<any QueuedWrite>, _ connection: SQLiteConnection) -> Int {
        rollBack(connection)
        for (index, write) in zip(writes.indices, writes) {
            do {
                try connection.execute("BEGIN IMMEDIATE")
            } catch {
                // Each of the others would wait as long for the lock.
                _ = fail(writes[index...], error)
                break
            }
            commitAlone(write, connection)
        }
        return writes.count
    }

    /// Runs a write in the transaction that has begun, and ends that.
    private func commitAlone(_ write: any QueuedWrite, _ connection: SQLiteConnection) {
        do {
            guard write.run(connection) else { return rollBack(connection) }
            guard connection.isInTransaction else {
                return write.fail(SQLiteError.transactionEnded(connection.path))
            }
            try connection.execute("COMMIT")
        } catch {
            rollBack(connection)
            write.fail(error)
        }
    }

    /// What a transaction is after one of its writes.
    private enum Transaction {
        /// It goes on.
        case sound
        /// It has what a write has done that has thrown.
        case spoilt
        /// It is gone: some errors, a full disk say, roll back by themselves.
        case lost
    }

    private func run(_ write: any QueuedWrite, _ connection: SQLiteConnection) -> Transaction {
        connection.hasWritten = false
        let succeeded = write.run(connection)
        guard connection.isInTransaction else { return .lost }
        return succeeded || !connection.hasWritten ? .sound : .spoilt
    }

    /// Runs a write whose failure undoes nothing but itself.
    private func runInSavepoint(_ write: any QueuedWrite, _ connection: SQLiteConnection) -> Transaction {
        do {
            try connection.execute("SAVEPOINT write")
            let succeeded = write.run(connection)
            guard connection.isInTransaction else { return .lost }
            if !succeeded { try connection.execute("ROLLBACK TO write") }
            try connection.execute("RELEASE write")
            return .sound
        } catch {
            return .lost
        }
    }

    private func rollBack(_ connection: SQLiteConnection) {
        guard connection.isInTransaction else { return }
        // When that fails the transaction is gone all the same: what is not committed does not count.
        _ = try? connection.execute("ROLLBACK")
    }

    private func fail(_ writes: ArraySlice<any QueuedWrite>, _ error: any Error) -> Int {
        for write in writes { write.fail(error) }
        return writes.count
    }
}

import CMartlet
import MartletRESP

/// The wait of one caller. In pieces that do not suspend, so that the function that does is the only one: each asynchronous
/// function on the way of a command costs it two looks at the executor, and a frame.
///
/// ```swift
/// let wait = AnswerWait(connection, number)
/// let answer = await withUnsafeContinuation { wait.begin($0) }
/// return try wait.end(answer, command.name)
/// ```
struct AnswerWait {
    private let connection: RedisConnection
    private let number: UInt64
    private let note: UnsafeMutablePointer<CancellationNote>
    private let record: UnsafeMutableRawPointer?

    /// Waits for what was queued under this number in this very turn of the loop. To be ended in any case.
    @inline(__always)
    init(_ connection: RedisConnection, _ number: UInt64) {
        self.connection = connection
        self.number = number
        note = CancellationNote.take(connection, number: number)
        record = CancellationNote.watch(note)
    }

    @inline(__always)
    func begin(_ waiter: UnsafeContinuation<RedisAnswer, Never>) {
        connection.wait(for: number, waiter)
    }

    /// What the caller gets. All answers of a batch are in that, and here is nothing.
    @inline(__always)
    func end(_ answer: RedisAnswer, _ command: String) throws(RedisError) -> RESPValue {
        martlet_remove_cancellation_handler(record)
        CancellationNote.put(note)
        switch answer {
        case .value(.error(let reply)): throw RedisError(reply, host: connection.host, command: command)
        case .value(let value): return value
        case .batch: return .null
        case .failed(let error): throw error.about(command: command)
        }
    }
}

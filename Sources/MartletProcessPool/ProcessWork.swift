/// Work for another process: what it needs is in its properties, and what it makes is its output.
///
/// ```swift
/// nonisolated struct CountPrimes: ProcessWork {
///     var below: Int
///     func run() throws -> Int { … }
/// }
/// ```
///
/// The type is looked up by its name in the other process, so it must have one there: neither it nor a type around it
/// is `private`, `fileprivate` or local to a function. Arguments and results travel as JSON: give bytes as `Data`, not
/// as an array of numbers.
public nonisolated protocol ProcessWork: Codable, Sendable {
    /// What comes back.
    associatedtype Output: Codable & Sendable

    /// Does the work. It runs in a process that is this program, but whose `main` was never called: variables of
    /// `main.swift` have no values there, and nothing that the program has set is set.
    ///
    /// - Throws: what the caller gets thrown: the error itself when its type is `Codable` (and has a name as above),
    ///   otherwise a `ProcessWorkError` with its description.
    func run() throws -> Output
}

/// Runs work in a process of its own and waits for it: for what computes long and must share no memory with the loop,
/// because a crash or a leak there must not take the loop with it.
///
/// ```swift
/// let count = try await offloadProcess(CountPrimes(below: 1_000_000))
/// ```
///
/// Cancelling it kills the process at once; so does a timeout. The pool starts another one when it needs it.
///
/// - Parameters:
///   - work: what to run.
///   - pool: whose processes to use.
///   - timeout: how long it may run, from when a process has it; `nil` is the pool's.
/// - Returns: what the work returns.
/// - Throws: what the work throws; `ProcessWorkError` when the process ended before it was done, with how it ended and
///   the last lines of its standard error, when the work took too long, or when it does not fit; `OffloadError` when
///   the pool's queue is full or the pool is closed; `CancellationError`; `SystemError` when no process can be started.
@MainActor public func offloadProcess<Work: ProcessWork>(
    _ work: Work, on pool: ProcessPool = .shared, timeout: Duration? = nil
) async throws -> Work.Output {
    try await pool.run(work, timeout: timeout)
}

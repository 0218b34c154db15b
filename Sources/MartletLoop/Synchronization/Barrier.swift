/// Holds tasks back until a certain number of them have come, then lets all of them go on together; again and again.
///
/// ```swift
/// let round = Barrier(parties: players.count)
/// for player in players {
///     Task { while true { try await player.move(); try await round.wait() } }
/// }
/// ```
///
/// ```
///             wait, abort                reset
///   filling ────────────────▶ broken ────────────▶ filling
///      │ ▲
///      └─┘ the last party comes: all go on; reset: those that wait get an error
/// ```
///
/// A task that is cancelled while it waits leaves, as in asyncio: the others wait on until another has come in its
/// place. (A barrier of threads breaks in that case; call `abort` for that.) Unlike asyncio's, the barrier is ready for
/// the next round as soon as it has let one go, and no two tasks of a round get the same number, even when some left.
public final class Barrier {
    /// How many tasks it takes.
    public let parties: Int
    /// Whether `abort` was called, and `reset` was not since: every wait ends with an error.
    public private(set) var isBroken = false
    private let waiters = WaitQueue<Void, Result<Int, BarrierError>>()

    /// A barrier that holds back until `parties` tasks wait, at least one.
    public init(parties: Int, file: StaticString = #fileID, line: UInt = #line) {
        guard parties > 0 else {
            fatalError("a barrier cannot be for \(parties) parties: it takes at least 1", file: file, line: line)
        }
        self.parties = parties
    }

    /// How many tasks wait.
    public var waiterCount: Int { waiters.count }

    /// Waits until `parties` tasks wait here, this one among them. The last to come does not suspend.
    ///
    /// - Returns: the place of this task in the order of arrival, 0 for the first and `parties - 1` for the last: a
    ///   number by which one of them can be told from the others, to do what is to be done once.
    /// - Throws: `BarrierError` when the barrier is broken, or is aborted or reset meanwhile; `CancellationError` when
    ///   the task is cancelled and has to wait. Once all have come none of this matters any more.
    public func wait() async throws -> Int {
        guard !isBroken else { throw BarrierError(.aborted) }
        guard waiters.count == parties - 1 else { return try await waiters.wait(()).get() }
        var index = 0
        while waiters.answerFirst(.success(index)) { index += 1 }
        return parties - 1
    }

    /// Breaks the barrier: those who wait get an error, and so does who comes later.
    public func abort() {
        isBroken = true
        waiters.answerAll(.failure(BarrierError(.aborted)))
    }

    /// Makes the barrier as new: those who wait get an error, those who come later wait.
    public func reset() {
        isBroken = false
        waiters.answerAll(.failure(BarrierError(.reset)))
    }
}

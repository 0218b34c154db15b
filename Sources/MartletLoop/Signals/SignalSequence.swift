/// The signals that the process gets, from when this was made; see `signals`.
///
/// It holds at most one of each number that has not been taken yet, as the kernel does: what arrives meanwhile counts
/// as that one. It is for one task; make one for each that is to see every signal.
public struct SignalSequence: AsyncSequence, Sendable {
    /// What it gives.
    public typealias Element = Signal

    private let reception: SignalReception

    init(_ numbers: [Int32]) throws(SystemError) {
        reception = try SignalReception(numbers)
    }

    /// Ends it: what has arrived can still be taken, then the loop over it ends. The signals do again what they did
    /// before.
    public func cancel() {
        reception.cancel()
    }

    /// The task's place in the sequence.
    public func makeAsyncIterator() -> Iterator {
        Iterator(reception: reception)
    }

    /// Takes the signals in the order in which they arrived.
    public struct Iterator: AsyncIteratorProtocol {
        let reception: SignalReception

        /// The next signal; `nil` once the task or the sequence is cancelled.
        public mutating func next() async -> Signal? {
            await reception.next()
        }
    }
}

/// Takes the process's signals over: in place of what they did before, the sequence gives them.
///
/// ```swift
/// for await signal in try signals(SIGTERM, SIGINT, SIGHUP) {
///     guard signal.number == SIGHUP else { break }
///     reload()
/// }
/// ```
///
/// Cancelling the task, leaving the loop (when nothing else holds the sequence) or `SignalSequence.cancel` ends that.
/// Of several sequences for a signal each gets it, and every `EventLoop.onSignal` too. Programs that this one starts
/// find every signal at its default.
///
/// - Throws: when there is no such signal or it cannot be caught.
@MainActor public func signals(_ number: Int32, _ others: Int32...) throws(SystemError) -> SignalSequence {
    try SignalSequence([number] + others)
}

/// Waits for one of the signals, in place of what they did before; afterwards they do that again. To miss none between
/// two waits, use `signals`.
///
/// - Throws: `SystemError` when there is no such signal or it cannot be caught; `CancellationError`.
@MainActor public func waitForSignal(_ number: Int32, _ others: Int32...) async throws -> Signal {
    let sequence = try SignalSequence([number] + others)
    defer { sequence.cancel() }
    var iterator = sequence.makeAsyncIterator()
    guard let signal = await iterator.next() else { throw CancellationError() }
    return signal
}

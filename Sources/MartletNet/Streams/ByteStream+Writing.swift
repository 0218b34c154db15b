import Glibc
import MartletLoop

/// Writing with suspension.
///
/// ```
///          the kernel takes all of it
///   write ─────────────────────────────────────────────────▶ done
///     │                                                        ▲
///     │ another write has its turn: wait; cancelling is as     │
///     │ if it had not been called                              │
///     ▼                                                        │
///   `unsent` ── the loop sends it as the peer makes room ──────┘
///               cancelling ends the wait, not the sending of what has begun
/// ```
///
/// So a peer never gets half of what a task wrote. There is one `unsent` at most: until it is sent, other writes wait
/// for their turn without having sent anything.
extension ByteStream {
    /// How the sending of `unsent` ended.
    nonisolated enum WriteEnd {
        case sent
        case failed(Int32)
        case closed
        case cancelled
    }

    /// Passed to the kernel at once, and sent in a row, so that one stream does not hold the loop up.
    private static let mostPerSend = 1 << 20
    private static let sendsInARow = 4
    /// Several pieces of fewer bytes are copied together.
    private static let mostGathered = 64 << 10

    /// Sends all of it, at once if the kernel takes it, and returns when it has; suspends for as long as the peer does
    /// not keep up.
    ///
    /// - Throws: `SystemError` when the connection has failed; `StreamError` when the stream is closed, not for writing
    ///   or finished; `CancellationError`, after which nothing of it is sent, or all of it is if a part was sent
    ///   before.
    public func write(_ bytes: [UInt8]) async throws {
        if othersAreDue { try await letOthersRun() }
        let sent = try bytes.withUnsafeBytes { try sendAtOnce($0) }
        if sent < bytes.count { try await send(rest: UnsentBytes(bytes, sent: sent)) }
    }

    /// Sends the bytes of any collection, such as a slice: see `write(_:)` of an array.
    public func write(_ bytes: some Collection<UInt8>) async throws {
        if othersAreDue { try await letOthersRun() }
        let sent = try bytes.withContiguousStorageIfAvailable { try sendAtOnce(UnsafeRawBufferPointer($0)) } ?? 0
        let rest = [UInt8](bytes.dropFirst(sent))
        if !rest.isEmpty { try await send(rest: UnsentBytes(rest, hasBegun: sent > 0)) }
    }

    /// Sends the text in UTF-8: see `write(_:)` of bytes.
    public func write(_ text: String) async throws {
        if othersAreDue { try await letOthersRun() }
        var text = text
        let (rest, hasBegun) = try text.withUTF8 { utf8 in
            let sent = try sendAtOnce(UnsafeRawBufferPointer(utf8))
            return ([UInt8](utf8[sent...]), sent > 0)
        }
        if !rest.isEmpty { try await send(rest: UnsentBytes(rest, hasBegun: hasBegun)) }
    }

    /// Sends several pieces, one behind the other with nothing in between, in as few packets as one piece would take:
    /// see `write(_:)` of bytes.
    public func write(_ pieces: [[UInt8]]) async throws {
        let count = pieces.reduce(0) { $0 + $1.count }
        guard count > Self.mostGathered else { return try await write([UInt8](pieces.joined())) }
        if othersAreDue { try await letOthersRun() }
        try await send(rest: UnsentBytes(pieces: pieces))
    }

    /// Says that nothing more is written: the peer reads the end once it has read everything, and may go on sending
    /// (half-close, man 2 shutdown). A stream that only writes, such as the end of a pipe, is closed by that. Waits
    /// until earlier writes have been sent; a second call does nothing.
    ///
    /// - Throws: `StreamError` when the stream is closed or not for writing; `CancellationError`.
    public func finishWriting() async throws {
        if isWritingFinished { return }
        try checkWriting()
        if isTurnTaken { try await waitForTurn() }
        isWritingFinished = true
        if directions == .writing { close() } else { shutdownWriting() }
        while holdsUnsent { try await waitUntilWritable() }
        endTurn()
    }

    // MARK: Sending

    /// Sends what the kernel takes if it is nobody else's turn: how many bytes. When that is a part of them, it is this
    /// write's turn from here on, until it is handed on by `send(rest:)`.
    private func sendAtOnce(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        guard !bytes.isEmpty else { return 0 }
        try checkWriting()
        guard !isTurnTaken else { return 0 }
        let first = UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.mostPerSend))
        switch send(first) {
        case .moved(let count):
            isTurnTaken = count > 0 && count < bytes.count
            return count
        case .wouldBlock: return 0
        case .failed(let code): throw failure(writing: code)
        }
    }

    /// Sends what `sendAtOnce` has left, and returns when it is sent.
    private func send(rest: UnsentBytes) async throws {
        try checkWriting()
        if !rest.hasBegun {
            if isTurnTaken { try await waitForTurn() }
            isTurnTaken = true
        }
        unsent = rest
        if let end = drain() {
            if case .failed(let code) = end { throw failure(writing: code) }
            return
        }
        switch await waitUntilDrained() {
        case .sent: return
        case .failed(let code): throw failure(writing: code)
        case .closed: throw failure(.closed)
        case .cancelled: throw CancellationError()
        }
    }

    /// Sends of `unsent` what the kernel takes: how it ended, `nil` while there is something left.
    @discardableResult
    func drain() -> WriteEnd? {
        var sends = 0
        while isWritable, let rest = unsent {
            if sends == Self.sendsInARow {
                EventLoop.main.callSoon { self.drain() }
                return nil
            }
            sends += 1
            switch rest.withNext(atMost: Self.mostPerSend, { send($0, moreComes: $1) }) {
            case .moved(let count):
                rest.sent(count)
                if rest.isEmpty { return end(.sent) }
            case .wouldBlock: return nil
            case .failed(let code): return end(.failed(code))
            }
        }
        return nil
    }

    /// The stream is closed: whoever waits goes on, with an error.
    func abandonWrites() {
        if unsent != nil { end(.closed) }
        turnWaiters?.answerAll(())
        isTurnTaken = false
    }

    @discardableResult
    private func end(_ end: WriteEnd) -> WriteEnd {
        unsent = nil
        if let waiting = drainWaiter {
            drainWaiter = nil
            waiting.resume(returning: end)
        }
        endTurn()
        return end
    }

    private func waitUntilDrained() async -> WriteEnd {
        writeTicket &+= 1
        transfersInARow = 0
        let ticket = writeTicket
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<WriteEnd, Never>) in
                drainWaiter = continuation
                if cancelledWriteTicket == ticket { cancelDrainWait(ticket) }
            }
        } onCancel: {
            onLoop { self.cancelDrainWait(ticket) }
        }
    }

    private func cancelDrainWait(_ ticket: UInt32) {
        cancelledWriteTicket = ticket
        guard writeTicket == ticket, let waiting = drainWaiter else { return }
        drainWaiter = nil
        waiting.resume(returning: .cancelled)
        if unsent?.hasBegun == false { end(.cancelled) }
    }

    // MARK: Turns

    /// Waits for the turn, which is this task's when it returns.
    private func waitForTurn() async throws {
        let waiting = turnWaiters ?? WaitQueue()
        turnWaiters = waiting
        try await waiting.wait(())
        // Closing answers everyone at once.
        do {
            try checkWriting()
        } catch {
            endTurn()
            throw error
        }
    }

    private func endTurn() {
        guard descriptor >= 0 else { return }
        isTurnTaken = turnWaiters?.answerFirst(()) ?? false
    }

    private func checkWriting() throws {
        if !directions.contains(.writing) { throw failure(.notWritable) }
        if isWritingFinished { throw failure(.writingFinished) }
        if descriptor < 0 { throw failure(.closed) }
    }

    private func failure(writing code: Int32) -> any Error {
        if descriptor < 0 { return failure(.closed) }
        if let failure = layer?.failure { return failure }
        return SystemError("send to", target: peerName ?? "descriptor \(descriptor)", code: code)
    }
}

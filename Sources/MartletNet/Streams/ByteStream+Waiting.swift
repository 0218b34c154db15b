import CMartlet
import MartletLoop

/// The waits: of one task or reactor to read, and of one task to write.
extension ByteStream {
    // MARK: Without cancellation, with a deadline

    /// Waits until there may be something to read. One at a time.
    package func waitToRead(until deadline: EventLoop.Instant) async -> Wait {
        if mayReceive { return .ready }
        require(reader == nil && !isParked, "two tasks wait to read from one stream; let one of them read")
        readTicket &+= 1
        readDeadline = deadline
        armTimer(for: deadline)
        return await withUnsafeContinuation { reader = $0 }
    }

    /// Waits until there may be room to write. One at a time.
    package func waitToWrite(until deadline: EventLoop.Instant) async -> Wait {
        // Not so when the peer has only stopped sending: then there is still room to wait for.
        if isWritable { return .ready }
        require(writer == nil, "two tasks wait for room in one stream; let one of them send, or use write")
        writeTicket &+= 1
        writeDeadline = deadline
        armTimer(for: deadline)
        return await withUnsafeContinuation { writer = $0 }
    }

    /// Waits, after a receive that found nothing, until there may be something to read, and then calls `reactor` in
    /// place of resuming a task: that costs less, and a stream that is idle needs no task. The stream keeps the reactor
    /// until it is closed.
    ///
    /// - Parameters:
    ///   - reactor: what to call; once for each time that it is parked.
    ///   - deadline: when to call it with `.timedOut` if nothing has come; never, unless one is given.
    public func park(_ reactor: any ByteStreamReactor, until deadline: EventLoop.Instant = .distantFuture) {
        require(reader == nil, "a reactor is parked while a task reads from the stream; let one of them read")
        if self.reactor !== reactor { self.reactor = reactor }
        isParked = true
        readDeadline = deadline
        armTimer(for: deadline)
    }

    /// Ends a wait to read that is under way, with `.interrupted`. Nothing happens when there is none.
    ///
    /// Whoever waited may receive then: what has arrived in this very moment is not reported yet.
    public func interrupt() {
        mayHaveArrived()
        resumeReader(.interrupted)
    }

    /// The next receive is to look, whatever the kernel has reported.
    private func mayHaveArrived() {
        isReadable = true
        layer?.socketIsReadable(hasEnded: hasEnded)
    }

    // MARK: With cancellation

    /// Waits until a receive may get on. For use with `receive(into:)`; one task at a time.
    ///
    /// - Throws: `CancellationError`; `StreamError` when another task or a reactor waits to read already.
    @inline(__always)  // Each call of an async function that is not costs two looks at the executor.
    public func waitUntilReadable() async throws {
        if mayReceive { return }
        guard reader == nil, !isParked else { throw failure(.readerBusy) }
        readTicket &+= 1
        readDeadline = .distantFuture
        transfersInARow = 0
        ownerReads = isOwned
        if ownerReads {
            if ownerIsCancelled { throw CancellationError() }
            _ = await withUnsafeContinuation { reader = $0 }
            if ownerIsCancelled { throw CancellationError() }
        } else if case .interrupted = await readability(ticket: readTicket) {
            try Task.checkCancellation()
        }
    }

    @inline(__always)
    private func readability(ticket: UInt32) async -> Wait {
        await withTaskCancellationHandler { @MainActor in
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Wait, Never>) in
                if cancelledReadTicket == ticket {
                    continuation.resume(returning: .interrupted)
                } else {
                    reader = continuation
                }
            }
        } onCancel: {
            onLoop { self.cancelRead(ticket) }
        }
    }

    /// Waits until a send may get on. For use with `send(_:)`; one task at a time.
    ///
    /// - Throws: `CancellationError`; `StreamError` when another task waits for room already.
    public func waitUntilWritable() async throws {
        if isWritable { return }
        guard writer == nil else { throw failure(.writerBusy) }
        writeTicket &+= 1
        writeDeadline = .distantFuture
        transfersInARow = 0
        let ticket = writeTicket
        let wait = await withTaskCancellationHandler { @MainActor in
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Wait, Never>) in
                if cancelledWriteTicket == ticket {
                    continuation.resume(returning: .interrupted)
                } else {
                    writer = continuation
                }
            }
        } onCancel: {
            onLoop { self.cancelWrite(ticket) }
        }
        if case .interrupted = wait { try Task.checkCancellation() }
    }

    private func cancelRead(_ ticket: UInt32) {
        cancelledReadTicket = ticket
        guard readTicket == ticket, let waiting = reader else { return }
        reader = nil
        waiting.resumeOnMain(returning: .interrupted)
    }

    private func cancelWrite(_ ticket: UInt32) {
        cancelledWriteTicket = ticket
        guard writeTicket == ticket, let waiting = writer else { return }
        writer = nil
        waiting.resumeOnMain(returning: .interrupted)
    }

    /// Whether this stream has moved bytes many times in a row without having to wait: then it is to let others run, so
    /// that a peer that is as fast as this side does not keep the loop from everyone else. To be asked before each
    /// transfer.
    var othersAreDue: Bool {
        transfersInARow &+= 1
        return transfersInARow >= 16
    }

    /// Lets others run.
    ///
    /// - Throws: `CancellationError`, so that a task that never has to wait can be cancelled, too.
    func letOthersRun() async throws {
        transfersInARow = 0
        await EventLoop.yield()
        try Task.checkCancellation()
    }

    // MARK: Resuming

    func resumeReader(_ result: Wait) {
        if isParked {
            isParked = false
            reactor?.waitEnded(result)
        } else if let waiting = reader {
            reader = nil
            waiting.resumeOnMain(returning: result)
        }
    }

    func resumeWriter(_ result: Wait) {
        guard let waiting = writer else { return }
        writer = nil
        waiting.resumeOnMain(returning: result)
    }

    // MARK: Deadlines

    // A connection moves its deadline with every request. The timer is left where it is when the new deadline is later,
    // and looks again when it fires: no arming or cancelling on the way of a request.

    private func armTimer(for deadline: EventLoop.Instant) {
        guard deadline < timerInstant else { return }
        timerInstant = deadline
        timer.arm(at: deadline)
    }

    func deadlinePassed() {
        timerInstant = .distantFuture
        let now = EventLoop.main.time()
        if reader != nil || isParked {
            if readDeadline <= now {
                // What has arrived in this very moment is not reported yet: a reactor looks.
                if isParked { mayHaveArrived() }
                resumeReader(.timedOut)
            } else {
                armTimer(for: readDeadline)
            }
        }
        if writer != nil {
            if writeDeadline <= now { resumeWriter(.timedOut) } else { armTimer(for: writeDeadline) }
        }
    }
}

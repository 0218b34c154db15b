import Glibc
import MartletLoop

/// Waits to read without a task: see `ByteStream.park`.
package protocol ByteStreamReactor: AnyObject {
    /// The wait has ended. Called on the loop; may park again.
    func waitEnded(_ wait: ByteStream.Wait)
}

/// A connected stream socket on the loop: bytes in both directions, with back-pressure both ways and a deadline for
/// each wait.
///
/// It is registered once, edge-triggered. What the kernel has is asked for first and waited for only when there is
/// nothing; after a receive that did not fill its buffer, the next wait starts without asking again. Nobody but the
/// reader holds a buffer, and only while there is something to read.
///
/// One task may wait to read, or one reactor, and another task to write at a time.
public final class ByteStream: PollTarget {
    /// How a wait ended.
    public nonisolated enum Wait: Sendable {
        /// Try again: there is something to read or room to write, or an error to collect.
        case ready
        /// The deadline passed first.
        case timedOut
        /// `interrupt` was called.
        case interrupted
    }

    private var descriptor: Int32
    private let poller: EpollPoller
    private var isReadable = true
    private var isWritable = true
    /// The peer has closed its side or the connection failed: no further edge will come, so reading never waits again.
    private var hasEnded = false
    private var reader: UnsafeContinuation<Wait, Never>?
    private var writer: UnsafeContinuation<Wait, Never>?
    private var reactor: (any ByteStreamReactor)?
    /// Whether the reactor waits to read.
    private var isParked = false
    private var readDeadline = EventLoop.Instant.distantFuture
    private var writeDeadline = EventLoop.Instant.distantFuture
    private lazy var timer = LoopTimer { [unowned self] in self.deadlinePassed() }
    private var timerInstant = EventLoop.Instant.distantFuture

    /// Takes over a connected, non-blocking descriptor.
    ///
    /// - Throws: when the loop cannot watch it; it is still the caller's then.
    public init(descriptor: Int32) throws(SystemError) {
        self.descriptor = descriptor
        poller = EventLoop.main.poller
        try poller.add(
            descriptor, interest: [.readable, .writable, .peerClosed], edgeTriggered: true, target: self)
    }

    // MARK: Reading

    /// Whether a receive would get on; `false` only after the kernel had nothing and before it says that it has.
    package var mayReceive: Bool { isReadable || hasEnded }

    /// Receives what is there, at most as much as fits. `.moved(0)` is the end: the peer sends nothing more.
    package func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        guard mayReceive else { return .wouldBlock }
        let transfer = poller.receive(descriptor, into: buffer)
        switch transfer {
        case .moved(let count): isReadable = count == buffer.count || hasEnded
        case .wouldBlock: isReadable = false
        case .failed: break
        }
        return transfer
    }

    /// Waits until there may be something to read.
    package func waitToRead(until deadline: EventLoop.Instant) async -> Wait {
        if mayReceive { return .ready }
        readDeadline = deadline
        armTimer(for: deadline)
        return await withUnsafeContinuation { reader = $0 }
    }

    /// Waits, after a receive that found nothing, until there may be something to read, and then calls `reactor` in
    /// place of resuming a task: that costs less, and a stream that is idle needs no task. The stream keeps the reactor
    /// until it is closed.
    package func park(_ reactor: any ByteStreamReactor, until deadline: EventLoop.Instant) {
        self.reactor = reactor
        isParked = true
        readDeadline = deadline
        armTimer(for: deadline)
    }

    // MARK: Writing

    /// Sends as much as the kernel takes at once.
    ///
    /// - Parameter moreComes: whether more is sent right after it, so that a small segment may wait for it (MSG_MORE).
    package func send(_ bytes: UnsafeRawBufferPointer, moreComes: Bool = false) -> Transfer {
        guard isWritable else { return .wouldBlock }
        let transfer = poller.send(descriptor, bytes, moreComes: moreComes)
        switch transfer {
        case .moved(let count): isWritable = count == bytes.count
        case .wouldBlock: isWritable = false
        case .failed: break
        }
        return transfer
    }

    /// Waits until there may be room to write.
    package func waitToWrite(until deadline: EventLoop.Instant) async -> Wait {
        // Not so when the peer has only stopped sending: then there is still room to wait for.
        if isWritable { return .ready }
        writeDeadline = deadline
        armTimer(for: deadline)
        return await withUnsafeContinuation { writer = $0 }
    }

    /// Bytes that were sent and that the peer has not taken yet; `nil` when that is unknown.
    package var unsentBytes: Int? { poller.unsentBytes(descriptor) }

    /// Sends nothing more; the peer reads the end once it has read everything (man 2 shutdown).
    public func shutdownWriting() {
        if descriptor >= 0 { shutdown(descriptor, Int32(SHUT_WR)) }
    }

    // MARK: Ending

    /// Ends a wait to read that is under way, with `.interrupted`. Nothing happens when there is none.
    ///
    /// Whoever waited may receive then: what has arrived in this very moment is not reported yet.
    public func interrupt() {
        isReadable = true
        resumeReader(.interrupted)
    }

    /// Closes the connection. Whoever waits goes on, and finds it failed. A second call does nothing.
    public func close() {
        guard descriptor >= 0 else { return }
        timer.cancel()
        poller.forget(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
        hasEnded = true
        isWritable = true
        resumeWriter(.ready)
        resumeReader(.ready)
        reactor = nil
    }

    /// The other end's address; `nil` when the connection has ended.
    public var peerAddress: SocketAddress? {
        descriptor >= 0 ? SocketAddress.peer(of: descriptor) : nil
    }

    package func readinessChanged(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.peerClosed, .hungUp, .failed]) { hasEnded = true }
        if readiness.contains(.writable) || !readiness.isDisjoint(with: [.hungUp, .failed]) {
            isWritable = true
            resumeWriter(.ready)
        }
        if hasEnded || readiness.contains(.readable) {
            isReadable = true
            resumeReader(.ready)
        }
    }

    private func resumeReader(_ result: Wait) {
        if isParked {
            isParked = false
            reactor?.waitEnded(result)
        } else if let waiting = reader {
            reader = nil
            waiting.resume(returning: result)
        }
    }

    private func resumeWriter(_ result: Wait) {
        guard let waiting = writer else { return }
        writer = nil
        waiting.resume(returning: result)
    }

    // MARK: Deadlines

    // A connection moves its deadline with every request. The timer is left where it is when the new deadline is later,
    // and looks again when it fires: no arming or cancelling on the way of a request.

    private func armTimer(for deadline: EventLoop.Instant) {
        guard deadline < timerInstant else { return }
        timerInstant = deadline
        timer.arm(at: deadline)
    }

    private func deadlinePassed() {
        timerInstant = .distantFuture
        let now = EventLoop.main.now
        if reader != nil || isParked {
            if readDeadline <= now { resumeReader(.timedOut) } else { armTimer(for: readDeadline) }
        }
        if writer != nil {
            if writeDeadline <= now { resumeWriter(.timedOut) } else { armTimer(for: writeDeadline) }
        }
    }
}

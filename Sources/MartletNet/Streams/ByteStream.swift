import Glibc
import MartletLoop

/// Bytes in both directions, or in one, with back-pressure: a TCP connection, a Unix stream socket, a pipe, a FIFO or a
/// terminal.
///
/// ```swift
/// let stream = try await connect(host: "example.org", port: 80)
/// defer { stream.close() }
/// try await stream.write("GET / HTTP/1.0\r\nHost: example.org\r\n\r\n")
/// for try await line in stream.lines { print(line) }
/// ```
///
/// **High level.** `read`, `readLine`, `lines`, `chunks`, `write` and `finishWriting` suspend until they are done, and
/// end with a `CancellationError` when their task is cancelled; a deadline is whatever the caller wraps around them
/// (`withTimeout`). What has arrived is never lost by a cancelled read, and a cancelled write has sent either nothing
/// or all of it. One task may read at a time; writes of several tasks go out whole, in the order in which they were
/// called.
///
/// **Low level.** `receive`, `send` and `park` never suspend: they are to this library what transports and protocols
/// are to others. A `ByteStreamReactor` is called by the loop as soon as there is something to receive; it needs no
/// task, so that an idle connection costs as little as the object itself.
///
/// The descriptor is registered once, edge-triggered. What the kernel has is asked for first and waited for only when
/// there is nothing; after a receive that did not fill its buffer, the next wait starts without asking again. All
/// streams receive into one buffer of the loop, and a stream holds bytes of its own only while there are some that
/// arrived together with those that were asked for.
///
/// A stream that is not closed lives as long as the loop: close it, or use `withStream`.
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

    /// What carries the bytes.
    nonisolated enum Medium {
        case socket
        /// A pipe or FIFO.
        case pipe
        /// A terminal or another device, which may have more after a short read.
        case device
        /// A regular file or a device that cannot be waited for: always ready.
        case file
    }

    /// The descriptor, -1 once it is closed.
    package internal(set) var descriptor: Int32
    private(set) var medium: Medium
    let directions: Directions
    package let poller: EpollPoller
    /// What bytes go through between the calls of this stream and its socket, such as TLS; see ByteStream+Layer.swift.
    package internal(set) var layer: (any ByteStreamLayer)?
    /// The peer's address where it is known beforehand: after a failure the kernel does not tell it any more.
    var knownPeer: SocketAddress?

    // Readiness. Readable and writable are true until the kernel says otherwise.
    var isReadable = true
    var isWritable = true
    /// The peer has closed its side or the connection failed: no further edge will come, so reading never waits again.
    package var hasEnded = false
    /// The connection is down in both directions.
    package var isBroken = false

    // Waiting: see ByteStream+Waiting.swift.
    var reader: UnsafeContinuation<Wait, Never>?
    var writer: UnsafeContinuation<Wait, Never>?
    var readTicket: UInt32 = 0
    var writeTicket: UInt32 = 0
    var cancelledReadTicket: UInt32 = 0
    var cancelledWriteTicket: UInt32 = 0
    var reactor: (any ByteStreamReactor)?
    /// Who is told of what happens while nobody waits.
    package var observer: (any ByteStreamObserver)?
    /// Whether the observer is told when there is room to write again.
    package var tellsOfRoom = false
    /// Whether the reactor waits to read.
    var isParked = false
    var readDeadline = EventLoop.Instant.distantFuture
    var writeDeadline = EventLoop.Instant.distantFuture
    lazy var timer = LoopTimer { [unowned self] in self.deadlinePassed() }
    var timerInstant = EventLoop.Instant.distantFuture
    var closeWaiters: WaitQueue<Void, Void>?
    // See ByteStream+Ownership.swift.
    var owner: UnsafeMutableRawPointer?
    var ownerIsCancelled = false
    var ownerReads = false
    /// Transfers since the last suspension: see `othersAreDue`.
    var transfersInARow: UInt8 = 0

    // Reading: see ByteStream+Reading.swift.
    var received = ReceivedBytes()
    var isReading = false
    /// The kernel has said that this is the end.
    var hasReceivedEnd = false

    // Writing: see ByteStream+Writing.swift.
    var unsent: UnsentBytes?
    var isTurnTaken = false
    var turnWaiters: WaitQueue<Void, Void>?
    var drainWaiter: UnsafeContinuation<WriteEnd, Never>?
    var isWritingFinished = false

    /// Takes over a connected stream socket.
    ///
    /// - Throws: when the loop cannot watch it; it is still the caller's then.
    public convenience init(descriptor: Int32) throws(SystemError) {
        try self.init(descriptor, medium: .socket, directions: [.reading, .writing])
    }

    init(_ descriptor: Int32, medium: Medium, directions: Directions) throws(SystemError) {
        self.descriptor = descriptor
        self.medium = medium
        self.directions = directions
        poller = EventLoop.main.poller
        guard medium != .file else { return }
        var interest: Readiness = []
        if directions.contains(.reading) { interest.formUnion([.readable, .peerClosed]) }
        if directions.contains(.writing) { interest.insert(.writable) }
        do throws(SystemError) {
            try poller.add(descriptor, interest: interest, edgeTriggered: true, target: self)
        } catch  where error.code == EPERM {
            // Such as /dev/null: never not ready (man 2 epoll_ctl).
            self.medium = .file
        }
    }

    // MARK: Low level

    /// Whether a receive would get on; `false` only after the kernel had nothing and before it says that it has.
    public var mayReceive: Bool { isReadable || hasEnded }

    /// Receives what is there, at most as much as fits, without suspending (man 2 recv). `.moved(0)` is the end: the
    /// peer sends nothing more.
    ///
    /// Not to be mixed with the reads of the high level, which may have received more than they returned.
    public func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        guard mayReceive else { return .wouldBlock }
        if let layer { return receive(into: buffer, through: layer) }
        let transfer =
            medium == .socket ? poller.receive(descriptor, into: buffer) : poller.read(descriptor, into: buffer)
        switch transfer {
        case .moved(let count):
            isReadable = count == buffer.count || hasEnded || (medium != .socket && medium != .pipe)
        case .wouldBlock:
            isReadable = false
        case .failed(EIO) where medium == .device && isatty(descriptor) == 1:
            // A pseudoterminal's way to say that the other side is closed.
            hasEnded = true
            return .moved(0)
        case .failed:
            break
        }
        return transfer
    }

    /// Sends as much as the kernel takes at once, without suspending (man 2 send).
    ///
    /// Nothing is taken while a `write` waits for its rest to be sent.
    ///
    /// - Parameters:
    ///   - bytes: what to send.
    ///   - moreComes: whether more is sent right after it, so that a small segment may wait for it (MSG_MORE).
    public func send(_ bytes: UnsafeRawBufferPointer, moreComes: Bool = false) -> Transfer {
        guard isWritable else { return .wouldBlock }
        if let layer { return send(through: layer) { $0.send(bytes, moreComes: moreComes) } }
        let transfer =
            medium == .socket
            ? poller.send(descriptor, bytes, moreComes: moreComes) : poller.write(descriptor, bytes)
        switch transfer {
        case .moved(let count): isWritable = count == bytes.count || medium == .device || medium == .file
        case .wouldBlock: isWritable = false
        case .failed: break
        }
        return transfer
    }

    /// Sends as much of several pieces as the kernel takes at once: see `send(_:moreComes:)`.
    package func send(pieces: UnsafeMutableBufferPointer<iovec>) -> Transfer {
        guard isWritable else { return .wouldBlock }
        if let layer { return send(through: layer) { $0.send(pieces: pieces) } }
        let transfer = poller.send(descriptor, pieces: pieces)
        switch transfer {
        case .moved(let count): isWritable = count == pieces.reduce(0) { $0 &+ $1.iov_len }
        case .wouldBlock: isWritable = false
        case .failed: break
        }
        return transfer
    }

    /// Bytes that were sent and that the peer has not taken yet; `nil` when that is unknown (man 7 tcp, SIOCOUTQ).
    public var unsentBytes: Int? {
        guard descriptor >= 0, let unsent = poller.unsentBytes(descriptor) else { return nil }
        return unsent + (layer?.unsentBytes ?? 0)
    }

    /// Says at once that nothing more is sent, without waiting for writes that are under way: `finishWriting` does.
    public func shutdownWriting() {
        guard descriptor >= 0, medium == .socket else { return }
        if let layer { finish(layer) } else { shutdown(descriptor, Int32(SHUT_WR)) }
    }

    package func readinessChanged(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.peerClosed, .hungUp, .failed]) {
            hasEnded = true
            if !readiness.isDisjoint(with: [.hungUp, .failed]) {
                isBroken = true
                closeWaiters?.answerAll(())
            }
            observer?.streamEnded()
        }
        if layer != nil { return layerReadinessChanged(readiness) }
        if isBroken || readiness.contains(.writable) { hasRoom() }
        if hasEnded || readiness.contains(.readable) {
            isReadable = true
            resumeReader(.ready)
        }
    }

    /// Goes on with whatever waits for room.
    @inline(__always)
    func hasRoom() {
        isWritable = true
        if unsent != nil { drain() }
        if isWritable, tellsOfRoom {
            tellsOfRoom = false
            observer?.streamHasRoom()
        }
        if isWritable { resumeWriter(.ready) }
    }

    // MARK: Ending

    /// Closes the stream at once, both ways. Whoever waits goes on with an error that says so; a second call does
    /// nothing.
    ///
    /// What has been written is with the kernel, which goes on sending it; bytes that nobody has read are dropped, and
    /// make the kernel tell the peer so by a reset.
    public func close() {
        guard descriptor >= 0 else { return }
        if let layer {
            closeLayer(layer)
        } else {
            if medium == .socket { poller.forget(descriptor) } else { poller.remove(descriptor) }
            Glibc.close(descriptor)
        }
        letGo()
    }

    /// Somebody has closed the descriptor behind this stream's back, and the number is another's now.
    package func descriptorWasReplaced() {
        letGo()
    }

    private func letGo() {
        timer.cancel()
        descriptor = -1
        layer = nil
        hasEnded = true
        isWritable = true
        received = ReceivedBytes()
        abandonWrites()
        resumeWriter(.ready)
        resumeReader(.ready)
        reactor = nil
        observer = nil
        closeWaiters?.answerAll(())
    }

    /// Cuts a TCP connection: what is still on its way is dropped in both directions, and the peer sees a reset
    /// (SO_LINGER, man 7 socket). Other streams are closed.
    public func abort() {
        if descriptor >= 0, medium == .socket {
            var cut = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &cut, socklen_t(MemoryLayout<linger>.size))
            layer?.abandon()
        }
        close()
    }

    /// The other end's address; `nil` when the connection has ended, or is a pipe.
    public var peerAddress: SocketAddress? {
        descriptor >= 0 ? SocketAddress.peer(of: descriptor) : nil
    }

    /// The address of this end; `nil` when the stream is closed, or is a pipe.
    public var localAddress: SocketAddress? {
        descriptor >= 0 ? SocketAddress.local(of: descriptor) : nil
    }

    /// Whether `close` or `abort` has been called.
    public var isClosed: Bool { descriptor < 0 }

    /// Waits until the stream is closed on this side, or down in both directions: the peer has closed and read the end
    /// of what it was sent, has reset the connection, or has closed its end of a pipe.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    public func waitUntilClosed() async throws(CancellationError) {
        guard descriptor >= 0, !isBroken, medium != .file else { return }
        let waiting = closeWaiters ?? WaitQueue()
        closeWaiters = waiting
        try await waiting.wait(())
    }
}

/// Waits to read without a task: see `ByteStream.park`.
public protocol ByteStreamReactor: AnyObject {
    /// The wait has ended. Called on the loop; may receive, send, close and park again.
    func waitEnded(_ wait: ByteStream.Wait)
}

/// Is told of what happens to a stream while nobody waits for it.
package protocol ByteStreamObserver: AnyObject {
    /// The peer has closed its side, or the connection is down in both directions: see `ByteStream.isBroken`. May come
    /// more than once.
    func streamEnded()
    /// There is room to write again, after `tellsOfRoom` was set.
    func streamHasRoom()
}

extension ByteStream {
    /// Which ways bytes can go.
    nonisolated struct Directions: OptionSet {
        let rawValue: UInt8

        static let reading = Directions(rawValue: 1)
        static let writing = Directions(rawValue: 2)
    }
}

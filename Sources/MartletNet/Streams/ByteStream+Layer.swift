import Glibc
import MartletLoop

/// What lies between a stream's calls and its socket: it receives and sends on the socket itself, and changes the bytes
/// on their way, as TLS does.
///
/// The stream's rules stay: a transfer moves what it can without waiting; after `.wouldBlock` somebody waits for
/// readiness. What the layer has taken to be sent is sent, as if the kernel had it: it may hold some of it for a while.
package protocol ByteStreamLayer: AnyObject {
    /// Receives for the stream: see `ByteStream.receive(into:)`.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer
    /// Whether a receive may get on, be it with what the socket or what the layer has.
    var mayReceive: Bool { get }
    /// Sends for the stream: see `ByteStream.send(_:moreComes:)`.
    func send(_ bytes: UnsafeRawBufferPointer, moreComes: Bool) -> Transfer
    /// Sends several pieces.
    func send(pieces: UnsafeMutableBufferPointer<iovec>) -> Transfer
    /// Whether a send may get on.
    var maySend: Bool { get }
    /// Bytes that the layer holds and the kernel has not taken yet.
    var unsentBytes: Int { get }
    /// Why transfers fail, when that is the layer's doing.
    var failure: (any Error)? { get }

    /// The socket may have something to receive, or the end of it.
    func socketIsReadable(hasEnded: Bool)
    /// The socket may have room: sends what is held.
    func socketIsWritable()

    /// Says to the peer that nothing more is sent, and shuts the socket down in that direction.
    func finish()
    /// The stream is being closed: says so to the peer. What the kernel does not take at once is returned.
    func end() -> [UInt8]
    /// The connection is being cut: nothing more is to be sent.
    func abandon()
}

/// The calls of a stream that has a layer. One that has none gets past each of them by a single comparison.
extension ByteStream {
    /// Puts a layer below everything that is received and sent from here on.
    package func put(_ layer: any ByteStreamLayer) {
        require(self.layer == nil, "a stream has a layer already; close it and connect anew")
        self.layer = layer
        isReadable = true
        isWritable = true
    }

    /// Whether a layer can be put below it: it is an open socket, and nothing is under way.
    package var canHaveLayer: Bool {
        descriptor >= 0 && medium == .socket && layer == nil && unsent == nil && !isTurnTaken && !isReading
            && !isWritingFinished
    }

    /// Has the layer do a step of its own, such as one of a handshake.
    package func advance(_ layer: some ByteStreamLayer, _ step: () -> Transfer) -> Transfer {
        let transfer = step()
        layerHasMoved(layer)
        return transfer
    }

    @inline(never)
    func receive(into buffer: UnsafeMutableRawBufferPointer, through layer: any ByteStreamLayer) -> Transfer {
        let transfer = layer.receive(into: buffer)
        if case .moved(0) = transfer { hasEnded = true }
        layerHasMoved(layer)
        return transfer
    }

    @inline(never)
    func send(through layer: any ByteStreamLayer, _ send: (any ByteStreamLayer) -> Transfer) -> Transfer {
        let transfer = send(layer)
        isWritable = layer.maySend
        // A send may have received, as handshakes need both: whoever waits to read goes on once this one has returned.
        if !isReadable, layer.mayReceive { EventLoop.main.callSoon { self.resumeReader(.ready) } }
        isReadable = layer.mayReceive
        return transfer
    }

    /// Whether the layer has taken bytes that the kernel has not taken yet. Closing the stream does not wait for them; a
    /// process that is about to end has to.
    package var holdsUnsent: Bool { (layer?.unsentBytes ?? 0) > 0 }

    /// Forgets what the layer holds: the peer does not take it.
    package func dropUnsent() { layer?.abandon() }

    func finish(_ layer: any ByteStreamLayer) {
        layer.finish()
        isWritable = layer.maySend
    }

    private func layerHasMoved(_ layer: any ByteStreamLayer) {
        isReadable = layer.mayReceive
        if isWritable, !layer.maySend { isWritable = false }
        // A receive may have brought what a send has waited for, which goes on once this one has returned.
        if !isWritable, layer.maySend { EventLoop.main.callSoon { if !self.isWritable { self.hasRoom() } } }
    }

    func layerReadinessChanged(_ readiness: Readiness) {
        guard let layer else { return }
        let isReadableNow = hasEnded || readiness.contains(.readable)
        if isReadableNow { layer.socketIsReadable(hasEnded: hasEnded) }
        if isBroken || readiness.contains(.writable) { layer.socketIsWritable() }
        if isBroken || (!isWritable && layer.maySend) { hasRoom() }
        guard isReadableNow, descriptor >= 0 else { return }
        isReadable = true
        resumeReader(.ready)
    }

    /// Closes the descriptor, once the layer's last bytes have been sent.
    func closeLayer(_ layer: any ByteStreamLayer) {
        let rest = layer.end()
        guard !rest.isEmpty, !isBroken else {
            poller.forget(descriptor)
            Glibc.close(descriptor)
            return
        }
        poller.remove(descriptor)
        Farewell(descriptor, poller: poller, rest).begin()
    }
}

/// The last bytes of a stream that is closed, which the kernel has no room for yet. Had it had, it would go on sending
/// them, too.
private final class Farewell: PollTarget {
    /// The peer has to take all of it within this time.
    private static let patience = EventLoop.Interval(.seconds(10))

    private let descriptor: Int32
    private let poller: EpollPoller
    private let bytes: [UInt8]
    private var sent = 0
    private lazy var timer = LoopTimer { [unowned self] in self.end() }

    init(_ descriptor: Int32, poller: EpollPoller, _ bytes: [UInt8]) {
        self.descriptor = descriptor
        self.poller = poller
        self.bytes = bytes
    }

    deinit {}

    func begin() {
        do {
            // The poller keeps it until the end.
            try poller.add(descriptor, interest: [.writable], edgeTriggered: true, target: self)
            timer.arm(at: EventLoop.main.now + Self.patience)
        } catch {
            Glibc.close(descriptor)
        }
    }

    func readinessChanged(_ readiness: Readiness) {
        while sent < bytes.count {
            switch bytes.withUnsafeBytes({ poller.send(descriptor, UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
            case .moved(let count): sent += count
            case .wouldBlock: return
            case .failed: return end()
            }
        }
        end()
    }

    private func end() {
        timer.cancel()
        poller.forget(descriptor)
        Glibc.close(descriptor)
    }
}

import DequeModule
import Glibc
import MartletLoop

/// One end of the bus's socket pair (SOCK_STREAM) between supervisor and worker: runs of whole frames, never waiting.
///
/// What several senders have queued by the time of a flush goes out in as few writes as possible.
final class BusConnection {
    /// Called with the frames that have arrived, one run for each receive. Nobody else has that memory.
    var onFrames: ((inout [UInt8]) -> Void)?
    /// The other end is closed, or has sent what is no frame. Called once, and not by `close`.
    var onEnd: ((BusFrameError?) -> Void)?

    /// What waits to be sent, in bytes, with what it costs to keep it.
    private(set) var queuedSize = 0

    private let descriptor: Int32
    private var watch: DescriptorWatch?
    private var splitter: BusFrameSplitter
    private var waiting: Deque<[UInt8]> = []
    /// How much of the first one has gone.
    private var sentOfFirst = 0
    private var isFlushScheduled = false
    /// Whether the socket has no room; the loop tells when it has.
    private var isBlocked = false
    private var isReading = false
    private var hasEnded = false

    /// What a queued run costs beside its bytes.
    private static let costOfRun = 64
    /// So much is moved by one call; what arrives beyond it is for the next turn.
    private static let bytesPerTransfer = 256 << 10
    /// After the other process has ended, the socket's buffer is all that there can be.
    private static let mostLastReceives = 16
    /// All connections' room to receive into and to gather from: nothing stays in it.
    private static let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bytesPerTransfer, alignment: 16)

    /// Takes over one end. It reads nothing before `startReading`.
    ///
    /// - Parameter accepted: what the other end may send.
    init(_ descriptor: Int32, accepting accepted: [BusFrame.Kind]) throws(SystemError) {
        self.descriptor = descriptor
        splitter = BusFrameSplitter(accepting: accepted)
        watch = try EventLoop.main.watch(descriptor, for: []) { [weak self] in self?.readinessChanged($0) }
    }

    // Whoever drops it, does not leave the loop a descriptor that is for ever ready.
    isolated deinit {
        close()
    }

    /// A connected pair; both ends are non-blocking and close-on-exec.
    static func pair() throws(SystemError) -> (Int32, Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let result = withUnsafeMutablePointer(to: &ends) { pointer in
            pointer.withMemoryRebound(to: Int32.self, capacity: 2) { socketpair(AF_UNIX, kind, 0, $0) }
        }
        guard result == 0 else { throw SystemError("create a socket pair for the bus") }
        return ends
    }

    /// How much a run of frames adds to `queuedSize`.
    static func cost(of frames: [UInt8]) -> Int { frames.count + costOfRun }

    func startReading() {
        guard !hasEnded, !isReading else { return }
        isReading = true
        updateWatch()
    }

    /// Queues whole frames. How many may wait is for the caller to see to.
    func send(_ frames: [UInt8]) {
        guard !hasEnded, !frames.isEmpty else { return }
        waiting.append(frames)
        queuedSize += Self.cost(of: frames)
    }

    /// Sends what there is room for, at the end of this turn of the loop.
    func flushSoon() {
        guard !isFlushScheduled, !isBlocked else { return }
        isFlushScheduled = true
        EventLoop.main.callSoon { [weak self] in
            self?.isFlushScheduled = false
            self?.flush()
        }
    }

    /// Sends what there is room for, now.
    func flush() {
        while !hasEnded, !isBlocked, let first = waiting.first {
            switch transfer(first) {
            case .moved(let count): sent(count)
            // Without kernel memory, too, there will be room some time.
            case .wouldBlock, .failed(ENOBUFS), .failed(ENOMEM): isBlocked = true
            case .failed:
                // Nobody takes anything any more; what was sent before is still to be read, to the end.
                waiting = []
                queuedSize = 0
                receiveAll()
                end(nil)
            }
        }
        updateWatch()
    }

    /// Takes in what has arrived, now: after a process has ended, its last words.
    func receiveAll() {
        var left = Self.mostLastReceives
        while left > 0, receive() { left -= 1 }
    }

    /// Closes this end; what is queued is lost.
    func close() {
        guard watch != nil else { return }
        hasEnded = true
        watch?.cancel()
        watch = nil
        waiting = []
        Glibc.close(descriptor)
    }

    private func readinessChanged(_ readiness: Readiness) {
        if isBlocked, readiness.contains(.writable) {
            isBlocked = false
            flush()
        }
        // A hang-up is reported even to those who do not read yet.
        if isReading {
            _ = receive()
        } else if !readiness.isDisjoint(with: [.hungUp, .failed]) {
            end(nil)
        }
    }

    // MARK: Sending

    /// Sends the rest of the first run, together with those after it if they are small.
    private func transfer(_ first: [UInt8]) -> Transfer {
        let poller = EventLoop.main.poller
        guard waiting.count > 1, first.count - sentOfFirst < Self.bytesPerTransfer / 2 else {
            return first.withUnsafeBytes {
                poller.send(descriptor, UnsafeRawBufferPointer(rebasing: $0[sentOfFirst...]))
            }
        }
        var count = 0
        for (index, frames) in waiting.enumerated() {
            let start = index == 0 ? sentOfFirst : 0
            guard frames.count - start <= Self.bytesPerTransfer - count else { break }
            frames.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: Self.room[count...]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[start...]))
            }
            count += frames.count - start
        }
        return poller.send(descriptor, UnsafeRawBufferPointer(rebasing: Self.room[..<count]))
    }

    private func sent(_ count: Int) {
        var rest = count
        while let first = waiting.first, rest > 0 {
            guard rest >= first.count - sentOfFirst else {
                sentOfFirst += rest
                return
            }
            rest -= first.count - sentOfFirst
            sentOfFirst = 0
            queuedSize -= Self.cost(of: waiting.removeFirst())
        }
    }

    private func updateWatch() {
        guard !hasEnded else { return }
        var interest: Readiness = isReading ? .readable : []
        if isBlocked { interest.insert(.writable) }
        // Fails only without kernel memory; the next message tries again.
        try? watch?.change(to: interest)
    }

    // MARK: Receiving

    /// Takes in what one call brings; false when there was nothing.
    private func receive() -> Bool {
        guard !hasEnded else { return false }
        switch EventLoop.main.poller.receive(descriptor, into: Self.room) {
        case .wouldBlock: return false
        case .moved(0), .failed:
            end(nil)
            return false
        case .moved(let count):
            var frames = splitter.split(UnsafeRawBufferPointer(rebasing: Self.room[..<count]))
            if !frames.isEmpty { onFrames?(&frames) }
            if let error = splitter.error { end(error) }
            return !hasEnded
        }
    }

    private func end(_ error: BusFrameError?) {
        guard !hasEnded else { return }
        hasEnded = true
        waiting = []
        queuedSize = 0
        watch?.cancel()
        onEnd?(error)
    }
}

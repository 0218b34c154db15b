import CMartlet
import DequeModule
import Glibc
import MartletLoop

/// One end of the socket pair (SOCK_SEQPACKET) between supervisor and worker: packets with descriptors, never waiting.
///
/// What finds no room is queued, up to a bound: a peer that does not read is stalled, and about to be replaced.
final class WorkerChannel {
    /// A packet and the descriptors that came with it, which are the receiver's to close.
    var onPacket: (([UInt8], [Int32]) -> Void)?
    /// The other end is closed, or the connection is broken. Called once.
    var onEnd: (() -> Void)?

    private let descriptor: Int32
    private var watch: DescriptorWatch?
    private var waiting: Deque<(bytes: [UInt8], descriptors: [Int32], closes: Bool)> = []
    private var hasEnded = false

    private static let longestQueue = 2048
    private static let packetsPerTick = 32

    /// Takes over one end.
    init(_ descriptor: Int32) throws(SystemError) {
        self.descriptor = descriptor
        watch = try EventLoop.main.watch(descriptor, for: .readable) { [weak self] in self?.readinessChanged($0) }
    }

    /// A connected pair; both ends are non-blocking and close-on-exec.
    static func pair() throws(SystemError) -> (Int32, Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let result = withUnsafeMutablePointer(to: &ends) { pointer in
            pointer.withMemoryRebound(to: Int32.self, capacity: 2) { socketpair(AF_UNIX, kind, 0, $0) }
        }
        guard result == 0 else { throw SystemError("create a socket pair for a worker") }
        return ends
    }

    /// Sends a packet, now or as soon as there is room. The descriptors stay the sender's, open until the packet has
    /// gone.
    func send(_ bytes: [UInt8], descriptors: [Int32] = []) {
        guard !hasEnded, waiting.count < Self.longestQueue else { return }
        waiting.append((bytes, descriptors, false))
        flush()
    }

    /// Sends a packet with a descriptor that may be closed or replaced before there is room: a copy of it goes.
    func send(_ bytes: [UInt8], copying descriptor: Int32) throws(SystemError) {
        guard !hasEnded, waiting.count < Self.longestQueue else { return }
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw SystemError("copy a descriptor for a worker") }
        waiting.append((bytes, [copy], true))
        flush()
    }

    /// Takes in what has arrived, now: after a process has ended, its last words.
    func receiveAll() {
        while receive() {}
    }

    /// Closes this end; what is queued is lost.
    func close() {
        guard watch != nil else { return }
        watch?.cancel()
        watch = nil
        hasEnded = true
        drop()
        Glibc.close(descriptor)
    }

    /// Forgets what is queued.
    private func drop() {
        for packet in waiting where packet.closes { for copy in packet.descriptors { Glibc.close(copy) } }
        waiting = []
    }

    private func readinessChanged(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        for _ in 0..<Self.packetsPerTick where receive() { continue }
    }

    private func flush() {
        while let first = waiting.first {
            let sent = martlet_send_message(
                descriptor, first.bytes, first.bytes.count, first.descriptors, Int32(first.descriptors.count))
            if sent == -Int(EAGAIN) || sent == -Int(ENOBUFS) { break }
            if sent < 0 {
                end()
                return
            }
            waiting.removeFirst()
            if first.closes { for copy in first.descriptors { Glibc.close(copy) } }
        }
        // Fails only without kernel memory; the next message tries again.
        try? watch?.change(to: waiting.isEmpty ? .readable : [.readable, .writable])
    }

    /// Takes in one packet; false when there is none.
    private func receive() -> Bool {
        guard !hasEnded else { return false }
        var descriptors = [Int32](repeating: -1, count: WorkerMessageFormat.mostListeners)
        var count = Int32(descriptors.count)
        var isTruncated = false
        var received = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: WorkerMessageFormat.longest + 1) { buffer, used in
            received = martlet_receive_message(
                descriptor, buffer.baseAddress, buffer.count, &descriptors, &count, &isTruncated)
            used = max(0, received)
        }
        if received == -Int(EAGAIN) || received == -Int(EINTR) { return false }
        guard received > 0 else {
            end()
            return false
        }
        onPacket?(bytes, Array(descriptors.prefix(Int(count))))
        return true
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        drop()
        try? watch?.change(to: [])
        // A hang-up is reported even so: only the end of the watch silences it.
        watch?.cancel()
        onEnd?()
    }
}

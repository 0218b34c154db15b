import Glibc
import MartletLoop

/// Accepts connections from a listening socket, on the loop.
///
/// When it cannot accept, as when descriptors or memory run out (EMFILE, ENFILE, ENOBUFS, ENOMEM), it lets go of the
/// socket for a while, in place of being told of the same connection in every tick; connections wait in the kernel's
/// queue meanwhile.
public final class Listener: PollTarget {
    /// How long accepting rests after it failed.
    private static let pause: Duration = .milliseconds(100)
    /// Connections accepted in one tick before others get their turn.
    private static let burst = 64

    /// Errors of the one connection that was to be accepted, after which the next one may do (man 2 accept, ERRORS).
    private static let concernsOneConnection: Set<Int32> = [
        ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH,
    ]

    private let descriptor: Int32
    private let onAccept: (Int32) -> Void
    private let onExhaustion: (SystemError) -> Void
    private var state = State.accepting
    private lazy var resumption = LoopTimer { [unowned self] in self.endExhaustion() }

    private enum State {
        case accepting
        /// Descriptors ran out; a timer brings it back.
        case exhausted
        /// Told to rest until it is told to go on.
        case paused
        case closed
    }

    /// Starts accepting from `descriptor`, which must be listening and non-blocking, and which it owns from here on.
    ///
    /// - Parameters:
    ///   - descriptor: the listening socket.
    ///   - onAccept: takes over the descriptor of each new connection, non-blocking and close-on-exec.
    ///   - onExhaustion: hears each time that accepting rests because it failed.
    /// - Throws: when the loop cannot watch the descriptor; it is still the caller's then.
    public init(
        descriptor: Int32, onAccept: @escaping (Int32) -> Void, onExhaustion: @escaping (SystemError) -> Void
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.onAccept = onAccept
        self.onExhaustion = onExhaustion
        try EventLoop.main.poller.add(descriptor, interest: .readable, edgeTriggered: false, target: self)
    }

    /// Leaves new connections in the kernel's queue until `resume`.
    public func pause() {
        guard state == .accepting || state == .exhausted else { return }
        enter(.paused)
    }

    /// Goes on accepting after `pause`.
    public func resume() {
        if state == .paused { enter(.accepting) }
    }

    /// Stops accepting and closes this process's copy of the socket. With no other copy, waiting connections are reset.
    public func close() {
        guard state != .closed else { return }
        state = .closed
        resumption.cancel()
        EventLoop.main.poller.remove(descriptor)
        Glibc.close(descriptor)
    }

    package func readinessChanged(_ readiness: Readiness) {
        for _ in 0..<Self.burst where state == .accepting {
            switch EventLoop.main.poller.accept(descriptor) {
            case .moved(let connection): onAccept(Int32(connection))
            case .wouldBlock: return
            case .failed(let code) where Self.concernsOneConnection.contains(code): continue
            case .failed(let code):
                exhausted(code: code)
                return
            }
        }
    }

    private func exhausted(code: Int32) {
        enter(.exhausted)
        resumption.arm(at: EventLoop.main.now + Self.pause)
        let advice: String? =
            code == EMFILE || code == ENFILE
            ? "raise the limit of open files (LimitNOFILE, ulimit -n) or lower limits.connections" : nil
        onExhaustion(SystemError("accept a connection", code: code, advice: advice))
    }

    private func endExhaustion() {
        if state == .exhausted { enter(.accepting) }
    }

    private func enter(_ next: State) {
        state = next
        if next != .exhausted { resumption.cancel() }
        // Changing the interest of a descriptor that is registered fails only when the kernel has no memory: the worst
        // that follows is one more wake-up, or one more pause that ends by itself.
        try? EventLoop.main.poller.modify(descriptor, interest: next == .accepting ? .readable : [])
    }
}

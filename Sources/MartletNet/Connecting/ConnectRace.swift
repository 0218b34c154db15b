import MartletLoop

/// Connects to a host: looks its addresses up and races attempts to connect to them, as `HappyEyeballs` decides.
///
/// Whatever way it ends, nothing of it is left running: lookups and attempts are cancelled and waited for.
final class ConnectRace {
    private let host: String
    private let port: UInt16
    private let options: ConnectOptions
    private let resolver: Resolver
    private var rules: HappyEyeballs
    private var tasks: [Task<Void, Never>] = []
    private var winner: ByteStream?
    private var attempts: [ConnectError.Attempt] = []
    private var lookupErrors: [any Error] = []
    private let happened = WaitQueue<Void, Void>()
    private lazy var timer = LoopTimer { [unowned self] in self.happened.answerFirst(()) }

    init(host: String, port: UInt16, options: ConnectOptions, resolver: Resolver) {
        self.host = host
        self.port = port
        self.options = options
        self.resolver = resolver
        rules = HappyEyeballs(
            lookups: Self.families(options), attemptDelay: options.attemptDelay,
            resolutionDelay: options.resolutionDelay)
    }

    /// Both families, unless the options leave only one.
    private static func families(_ options: ConnectOptions) -> Set<AddressFamily> {
        switch options.localAddress {
        case .ipv4: [.ipv4]
        case .ipv6: [.ipv6]
        default: options.family == .any ? [.ipv6, .ipv4] : [options.family]
        }
    }

    func run() async throws -> ByteStream {
        do {
            // IPv6 first, as its addresses are preferred when both are remembered.
            for family in [AddressFamily.ipv6, .ipv4] where Self.families(options).contains(family) {
                start { await $0.lookUp(family) }
            }
            try await race()
            await stop()
            if let winner { return winner }
            throw failure
        } catch {
            await stop()
            winner?.close()
            throw error
        }
    }

    /// Returns when there is a winner or nothing left to try.
    private func race() async throws {
        while winner == nil {
            switch rules.next(at: EventLoop.main.time()) {
            case .attempt(let address):
                start { await $0.attempt(address) }
            case .wait(let deadline):
                if deadline < .distantFuture { timer.arm(at: deadline) } else { timer.cancel() }
                try await happened.wait(())
            case .giveUp:
                return
            }
        }
    }

    private func start(_ work: @escaping @MainActor (ConnectRace) async -> Void) {
        tasks.append(
            Task.immediate {
                await work(self)
                self.happened.answerFirst(())
            })
    }

    private func lookUp(_ family: AddressFamily) async {
        var addresses: [SocketAddress] = []
        do {
            addresses = try await resolver.addresses(of: host, port: port, family: family)
        } catch {
            lookupErrors.append(error)
        }
        rules.resolved(family, addresses, at: EventLoop.main.time())
    }

    private func attempt(_ address: SocketAddress) async {
        do {
            let stream = try await ConnectAttempt.stream(to: address, options: options)
            if winner == nil { winner = stream } else { stream.close() }
        } catch {
            attempts.append(ConnectError.Attempt(address: address, error: error))
            rules.attemptFailed()
        }
    }

    private func stop() async {
        timer.cancel()
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        tasks = []
    }

    /// Why there is no winner. Of two lookups that failed, the one that says more than that there is no such address.
    private var failure: any Error {
        guard attempts.isEmpty else { return ConnectError(host: host, port: port, attempts: attempts) }
        return lookupErrors.first { ($0 as? ResolutionError)?.code != .noAddress } ?? lookupErrors.first
            ?? ResolutionError(.noAddress, host: host, reason: "the name has no address")
    }
}

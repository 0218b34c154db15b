import Glibc
import MartletLoop

/// How a `StreamServer` serves.
public struct ServerOptions: Sendable {
    /// How it listens.
    public var listen = ListenOptions()
    /// How many connections are served at a time; beyond that, new ones wait in the kernel's queue.
    public var connectionLimit = 10_000
    /// How long handlers get to finish when the server is closed, before they are cancelled.
    public var drainTime: Duration = .seconds(10)
    /// Hears of every error that a handler throws, with its peer's address, and of each time that no connection can be
    /// accepted, without one. Unless told otherwise, a line on standard error.
    public var onError: @MainActor @Sendable (any Error, SocketAddress?) -> Void = { error, peer in
        let what = peer.map { "the connection from \($0)" } ?? "accepting connections"
        let line = Array("\(what) failed: \(error)\n".utf8)
        // Nobody is left to tell when standard error is gone, too.
        _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// The defaults.
    public init() {}
}

import MartletLoop

/// None of a host's addresses could be connected to: which were tried, and what became of each.
public nonisolated struct ConnectError: Error, Sendable, CustomStringConvertible {
    /// One address that was tried.
    public struct Attempt: Sendable {
        /// The address.
        public let address: SocketAddress
        /// Why it failed; mostly a `SystemError`.
        public let error: any Error
    }

    /// The host that was asked for.
    public let host: String
    /// The port that was asked for.
    public let port: UInt16
    /// The addresses, in the order in which they failed.
    public let attempts: [Attempt]

    /// `cannot connect to example.org:80, tried 2 addresses: 192.0.2.1:80: connection refused; [2001:db8::1]:80: …`
    public var description: String {
        let reasons = attempts.map { attempt in
            let reason = (attempt.error as? SystemError).map { SystemError.message($0.code) } ?? "\(attempt.error)"
            return "\(attempt.address): \(reason)"
        }
        let count = attempts.count == 1 ? "1 address" : "\(attempts.count) addresses"
        return "cannot connect to \(host):\(port), tried \(count): \(reasons.joined(separator: "; "))"
    }
}

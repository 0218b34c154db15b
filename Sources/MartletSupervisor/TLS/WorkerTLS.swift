import MartletTLS

/// The TLS of a worker's listeners.
public protocol WorkerTLS: AnyObject {
    /// What a listener's connections begin with; `nil` for plain ones.
    func context(forListener name: String) -> TLSServerContext?

    /// Makes ready what new handshakes are to use: see ``WorkerService/prepareTLS(_:)``.
    func prepare(_ material: [UInt8]) throws

    /// Uses it: see ``WorkerService/usePreparedTLS()``.
    func usePrepared() throws

    /// Encrypts session tickets with these keys from now on.
    func use(_ keys: TicketKeyMemory.Keys)
}

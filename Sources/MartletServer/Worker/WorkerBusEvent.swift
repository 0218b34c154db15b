/// What a worker hears of the others.
public nonisolated enum WorkerBusEvent: Hashable, Sendable {
    /// A message of the service, and the identity of the worker that sent it. The supervisor vouches for the identity.
    case message([UInt8], from: UInt64)
    /// A worker lives, which may not listen yet: what is sent to it waits.
    case joined(UInt64)
    /// A worker is gone, for whatever reason, and after its last message. All are when the supervisor is gone.
    case left(UInt64)
}

import MartletHTTP

/// Why a connection ends before its client is done.
nonisolated enum ConnectionEnd: Error {
    /// The client is gone, or the response cannot be completed: there is nobody to tell.
    case lost
    /// The client did not send a complete head in time, or nothing at all.
    case headTimedOut(hasBegun: Bool)
    /// The client did not take the response in time.
    case writeTimedOut
    /// The client broke the protocol.
    case malformed(HTTP1Error)
}

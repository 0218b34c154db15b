import MartletLoop

/// What an HTTP server counts.
public nonisolated enum HTTPCounter: Int, CounterName {
    /// Connections accepted.
    case connectionsAccepted
    /// Connections closed, by whichever side.
    case connectionsClosed
    /// Connections open now; a gauge.
    case connectionsActive
    /// Times that accepting rested because `limits.connections` was reached.
    case connectionLimitPauses
    /// Times that accepting stopped because descriptors or memory ran out.
    case acceptPauses
    /// Requests whose head was parsed.
    case requests
    /// Informational responses, such as 100 Continue.
    case responses1xx
    /// Successful responses.
    case responses2xx
    /// Redirections.
    case responses3xx
    /// Responses that blame the client.
    case responses4xx
    /// Responses that blame the server.
    case responses5xx
    /// Bytes received from clients.
    case bytesReceived
    /// Bytes sent to clients.
    case bytesSent
    /// Requests that broke the protocol and were refused.
    case protocolErrors
    /// Handlers that threw something other than an `HTTPError`.
    case handlerErrors
    /// Connections closed because the peer let a deadline pass.
    case timeouts
}

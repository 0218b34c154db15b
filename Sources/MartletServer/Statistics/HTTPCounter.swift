import MartletLoop

/// What an HTTP server counts.
public nonisolated enum HTTPCounter: Int, CounterName {
    /// Connections accepted.
    case connectionsAccepted
    /// Connections closed, by whichever side.
    case connectionsClosed
    /// Connections open now; a gauge.
    case connectionsActive
    /// Times that accepting rested because many more connections came than `limits.connections` allows.
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
    /// Connections beyond `limits.connections` that were answered with 503.
    case connectionsRefused
    /// Requests that were answered with 503 because too many were being handled.
    case requestsRefused
    /// Requests that were answered with 429 because their client sends too many.
    case requestsRateLimited
    /// Clients that were forgiven what they had used of a rate limit, because the table of clients had no room.
    case rateLimitsForgiven
    /// Requests whose line was longer than `limits.request_line`: 414.
    case targetsTooLong
    /// Requests whose fields were larger than `limits.field_section` or more than `limits.fields`: 431.
    case headsTooLarge
    /// Requests whose body was larger than a limit: 413.
    case bodiesTooLarge
    /// Requests that were given up because their client was gone.
    case clientsGone
}

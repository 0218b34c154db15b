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
    /// WebSockets opened.
    case webSocketsOpened
    /// WebSockets open now; a gauge.
    case webSocketsActive
    /// Messages received on WebSockets.
    case webSocketMessagesReceived
    /// Messages sent on WebSockets.
    case webSocketMessagesSent
    /// Bytes received on WebSockets, as they came.
    case webSocketBytesReceived
    /// Bytes sent on WebSockets, as they went.
    case webSocketBytesSent
    /// Bytes of the messages received, inflated: with the bytes received, how well clients compress.
    case webSocketPayloadReceived
    /// Bytes of the messages sent, before they were compressed.
    case webSocketPayloadSent
    /// Time that senders waited for peers that read too slowly.
    case webSocketWaitNanoseconds
    /// Messages that were not sent to peers that read too slowly.
    case webSocketMessagesDropped
    /// WebSockets closed with 1000, 1001 or without a code.
    case webSocketsClosedNormally
    /// WebSockets closed because the peer broke the protocol or a limit: 1002, 1003, 1007, 1009.
    case webSocketsClosedForErrors
    /// WebSockets closed because the peer read too slowly, or did not answer a ping.
    case webSocketsClosedForSlowness
    /// WebSockets that ended without a close frame: 1006.
    case webSocketsLost
    /// WebSockets closed with any other code.
    case webSocketsClosedOtherwise
    /// Channels that have subscribers now; a gauge.
    case channelsActive
    /// Subscriptions of channels now; a gauge.
    case channelSubscribers
    /// Messages published on channels here; those that came from other workers are counted there.
    case channelMessagesPublished
    /// Messages of channels that were sent to sockets, counted for each socket.
    case channelMessagesDelivered
    /// Messages of channels that were dropped, all or the way to other workers, because they were too long or too many.
    case channelMessagesDropped
    /// TLS handshakes completed.
    case tlsHandshakes
    /// TLS handshakes that resumed an earlier session; they are among those completed.
    case tlsHandshakesResumed
    /// TLS handshakes that failed, for one of the four reasons that follow.
    case tlsHandshakesFailed
    /// TLS handshakes that were not done within their time.
    case tlsHandshakesTimedOut
    /// TLS handshakes in which a certificate was refused: the client's here, or the server's by the client.
    case tlsCertificatesRefused
    /// TLS handshakes in which the client broke the protocol, or spoke nothing that the server speaks.
    case tlsProtocolErrors
    /// TLS handshakes whose client went away.
    case tlsHandshakesAbandoned
    /// Connections refused because there were too many TLS handshakes at the same time.
    case tlsHandshakesRefused
    /// Clients that spoke HTTP without TLS where TLS is spoken.
    case tlsPlainHTTP
    /// TLS handshakes under way; a gauge.
    case tlsHandshakesActive
    /// Downloads that were begun for clients, each attempt of a worker counted.
    case downloadsStarted
    /// Downloads that are under way now; a gauge.
    case downloadsActive
    /// Downloads that are complete.
    case downloadsSucceeded
    /// Downloads that were given up.
    case downloadsFailed
    /// Downloads that clients have cancelled.
    case downloadsCancelled
    /// Downloads that were not taken because too many wait or their files have no room.
    case downloadsRefused
    /// Bytes that downloads have received.
    case downloadBytes
    /// Requests whose body was decoded, because it came with content codings.
    case bodiesDecoded
    /// Requests whose body grew beyond `limits.body_expansion` as it was decoded: 413. They are among `bodiesTooLarge`.
    case compressionBombs
    /// Requests that were answered with 503 because their handler took longer than a ``RequestTimeout`` allows.
    case handlersTimedOut
    /// Requests to a store that a limit of its routes refused: of keys, of values, of all entries, of those who watch.
    case storeRefused
    /// Requests that were answered with 503 because their store could not be used.
    case storeUnavailable
}

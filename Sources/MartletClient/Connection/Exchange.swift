import MartletHTTP
import MartletLoop

/// What a connection has to know of the request that it is busy with.
nonisolated struct Exchange {
    let url: HTTPURL
    let method: HTTPMethod
    /// When everything has to be over.
    let deadline: EventLoop.Instant
}

/// The times and limits of a client, as connections use them for every request.
nonisolated struct ExchangeRules {
    let firstByte: EventLoop.Interval?
    let betweenBytes: EventLoop.Interval?
    let expectContinue: EventLoop.Interval
    let limits: HTTPClientLimits

    init(_ timeouts: HTTPClientTimeouts, _ limits: HTTPClientLimits) {
        firstByte = timeouts.firstByte.map { EventLoop.Interval($0) }
        betweenBytes = timeouts.betweenBytes.map { EventLoop.Interval($0) }
        expectContinue = EventLoop.Interval(timeouts.expectContinue)
        self.limits = limits
    }
}

/// Why an exchange has failed, for whoever may send the request again.
nonisolated struct ExchangeFailure: Error {
    let error: HTTPClientError
    /// The connection ended before a byte of the response came, on a connection that had served others: the server may have
    /// closed it at the moment in which the request was sent.
    let isStale: Bool
    /// No byte of the request went out.
    let isUnsent: Bool
}

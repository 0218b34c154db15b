import Glibc
import MartletHTTP
import MartletLoop

/// What can go wrong on a connection, in words.
extension ClientConnection {
    private var server: String { exchange.url.authority }

    /// The connection has served others before, and nothing has come of this response.
    private var mayBeStale: Bool { exchanges > 1 && !hasReceivedAny }

    func failure(_ code: HTTPClientError.Code, _ reason: String, cause: (any Error)? = nil) -> ExchangeFailure {
        ExchangeFailure(
            error: HTTPClientError(code, url: exchange.url, reason, cause: cause), isStale: false, isUnsent: false)
    }

    func malformed(_ error: HTTP1Error) -> ExchangeFailure {
        if error.code == .tooLarge {
            return failure(.tooLarge, "the head of the response is too large: \(error.message)", cause: error)
        }
        return failure(
            .malformedResponse, "\(server) does not answer as HTTP/1.1 has it: \(error.message)", cause: error)
    }

    func bodyTooLarge() -> ExchangeFailure {
        failure(.tooLarge, "the body is larger than the limit of \(rules.limits.body) bytes")
    }

    /// The server has closed the connection, and what it sent is no response.
    func ended() -> ExchangeFailure {
        let error = HTTPClientError(
            .endedEarly, url: exchange.url,
            hasReceivedAny
                ? "\(server) closes the connection in the middle of the head of its response"
                : "\(server) closes the connection without a response")
        return ExchangeFailure(error: error, isStale: mayBeStale, isUnsent: false)
    }

    func endedInBody() -> ExchangeFailure {
        switch framing {
        case .length(let remaining):
            failure(.endedEarly, "\(server) closes the connection with \(remaining) bytes of the body still to come")
        default: failure(.endedEarly, "\(server) closes the connection in the middle of a body in chunks")
        }
    }

    func lost(_ what: String, _ code: Int32, isUnsent: Bool) -> ExchangeFailure {
        let cause = SystemError("exchange with", target: server, code: code)
        var error = HTTPClientError(
            .connectionLost, url: exchange.url,
            "\(what) \(server): \(SystemError.message(code))", cause: cause)
        error.isUnsent = isUnsent
        // EPROTO: TLS that ends without having said so, as servers do that have waited for too long.
        let isGone = [ECONNRESET, EPIPE, ENOTCONN, EPROTO].contains(code)
        return ExchangeFailure(error: error, isStale: isGone && mayBeStale, isUnsent: isUnsent && mayBeStale)
    }

    func timedOut(_ phase: HTTPClientError.Phase) -> ExchangeFailure {
        let phase = exchange.deadline <= EventLoop.main.time() ? .total : phase
        return ExchangeFailure(
            error: HTTPClientError(
                .timeout, url: exchange.url, "\(phase.rawValue) did not come in time from \(server)", phase: phase),
            isStale: false, isUnsent: false)
    }
}

import Glibc
import MartletHTTP
import MartletLoop

/// Writes responses as HTTP/1.1 messages (RFC 9112 §4).
final class ResponseSerializer {
    private var preamble: ResponsePreamble
    /// Until when `preamble` holds the right date, on the loop's clock.
    private var preambleExpiry = EventLoop.Instant(nanoseconds: 0)

    init(serverName: String) {
        preamble = ResponsePreamble(server: serverName, unixTime: 0)
    }

    /// Whether a response of that status has no body, whatever the handler gave it (RFC 9110 §6.4.1).
    static func forbidsBody(_ status: Int) -> Bool {
        status < 200 || status == 204 || status == 304
    }

    /// Appends a response, or of a streamed one the head.
    ///
    /// - Parameters:
    ///   - isOld: whether the client speaks HTTP/1.0.
    ///   - isHead: whether the request's method is HEAD: then there is no body, but its length is told.
    func append(
        _ response: borrowing Response, isOld: Bool, isHead: Bool, keepsAlive: Bool, into output: OutputBuffer
    ) {
        refreshDate()
        let status = response.status.code
        var head = HTTP1ResponseHead(
            status: status, contentType: response.contentType, framing: .none,
            connection: keepsAlive ? (isOld ? .keepAlive : .implied) : .close, fields: response.fields)
        let sendsBody = !isHead && !Self.forbidsBody(status)
        switch response.body {
        case .none:
            if !Self.forbidsBody(status) { head.framing = .length(0) }
            head.append(to: &output.bytes, preamble: preamble)
        case .text(let text):
            head.framing = .length(UInt64(text.utf8.count))
            head.append(to: &output.bytes, preamble: preamble)
            if sendsBody { output.bytes.append(utf8: text) }
        case .bytes(let bytes):
            head.framing = .length(UInt64(bytes.count))
            head.append(to: &output.bytes, preamble: preamble)
            if sendsBody { output.append(bytes) }
        case .stream(let length?, _):
            head.framing = .length(length)
            head.append(to: &output.bytes, preamble: preamble)
        case .stream(nil, _):
            // An HTTP/1.0 client knows no chunks: the end of the connection is the end of the body.
            if !isOld, sendsBody { head.framing = .chunked }
            if isOld, sendsBody { head.connection = .close }
            head.append(to: &output.bytes, preamble: preamble)
        case .upgrade:
            // Its connection answers with the head alone, or with an error.
            head.append(to: &output.bytes, preamble: preamble)
        }
    }

    /// Formats the date when the second has changed; reads the loop's clock of this tick, not the kernel's.
    private func refreshDate() {
        let now = EventLoop.main.now
        guard now >= preambleExpiry else { return }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        preamble.refresh(unixTime: Int64(time.tv_sec))
        preambleExpiry = EventLoop.Instant.readClock() + .nanoseconds(1_000_000_000 - time.tv_nsec)
    }
}

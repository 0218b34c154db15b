import Glibc
import MartletHTTP
import MartletLoop

/// Writes responses as HTTP/1.1 messages (RFC 9112 §4).
///
/// A handle, as ``OutputBuffer`` is: its server makes it and frees it.
struct ResponseSerializer {
    private struct State: ~Copyable {
        var preamble: ResponsePreamble
        /// Until when `preamble` holds the right date, on the loop's clock.
        var preambleExpiry = EventLoop.Instant(nanoseconds: 0)
    }

    private let state: UnsafeMutablePointer<State>

    init(serverName: String) {
        state = .allocate(capacity: 1)
        state.initialize(to: State(preamble: ResponsePreamble(server: serverName, unixTime: 0)))
    }

    /// Frees the memory; no copy of the handle may be used any more.
    func deallocate() {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Whether a response of that status has no body, whatever the handler gave it (RFC 9110 §6.4.1, §15.3.6).
    static func forbidsBody(_ status: Int) -> Bool {
        status < 200 || status == 204 || status == 205 || status == 304
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
        let sendsBody = !isHead && !Self.forbidsBody(response.status.code)
        var framing = HTTP1ResponseHead.Framing.none
        var connection: HTTP1ResponseHead.Connection = keepsAlive ? (isOld ? .keepAlive : .implied) : .close
        switch response.body {
        case .none:
            if !Self.forbidsBody(response.status.code) { framing = .length(0) }
        case .text(let text):
            framing = .length(UInt64(text.utf8.count))
        case .bytes(let bytes):
            framing = .length(UInt64(bytes.count))
        case .stream(let length?, _):
            framing = .length(length)
        case .stream(nil, _):
            // An HTTP/1.0 client knows no chunks: the end of the connection is the end of the body.
            if !isOld, sendsBody { framing = .chunked }
            if isOld, sendsBody { connection = .close }
        case .upgrade:
            break  // its connection answers with the head alone, or with an error
        }
        // Unlike the others, it does not end with its head by itself.
        if response.status.code == 205 { framing = .length(0) }
        HTTP1ResponseHead.append(
            status: response.status.code, contentType: response.contentType, framing: framing, connection: connection,
            fields: response.ownFields, lines: response.preparedFields?.lines, to: &output.bytes,
            preamble: &state.pointee.preamble)
        guard sendsBody else { return }
        switch response.body {
        case .text(let text): output.bytes.append(utf8: text)
        case .bytes(let bytes): output.append(bytes)
        default: break
        }
    }

    /// Formats the date when the second has changed; reads the loop's clock of this tick, not the kernel's.
    private func refreshDate() {
        let now = EventLoop.main.now
        guard now >= state.pointee.preambleExpiry else { return }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        state.pointee.preamble.refresh(unixTime: Int64(time.tv_sec))
        state.pointee.preambleExpiry = EventLoop.Instant.readClock() + .nanoseconds(1_000_000_000 - time.tv_nsec)
    }
}

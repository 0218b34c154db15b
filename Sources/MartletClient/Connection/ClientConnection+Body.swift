import HTTPTypes
import MartletHTTP

/// The body that the head announces.
extension ClientConnection {
    /// The body that begins with `rest`: whole, if it is.
    func body(_ rest: UnsafeRawBufferPointer) throws -> BodySource {
        framing = parser.body
        allowance = rules.limits.body
        switch framing {
        case .none:
            finish(surplus: rest.count)
            return limited(BodySource(whole: []))
        case .length(let length):
            guard length <= allowance else { throw bodyTooLarge() }
            guard length > UInt64(rest.count) else {
                let whole = [UInt8](UnsafeRawBufferPointer(rebasing: rest[..<Int(length)]))
                finish(surplus: rest.count - whole.count)
                return limited(BodySource(whole: whole))
            }
            unread = [UInt8](rest)
            return coming(expectedLength: length)
        case .chunked:
            chunks = HTTP1ChunkedDecoder(limits: rules.limits.head, bodyLimit: allowance)
            var data: [UInt8] = []
            let trailers = TrailerBox()
            if try decode(rest, into: &data, trailers) {
                return limited(BodySource(whole: data, trailers: trailers.fields))
            }
            unread = data
            return coming(expectedLength: nil)
        case .untilClose:
            unread = [UInt8](rest)
            return coming(expectedLength: nil)
        }
    }

    private func coming(expectedLength: UInt64?) -> BodySource {
        let incoming = IncomingBody(self)
        self.incoming = incoming
        return limited(BodySource(upstream: incoming, expectedLength: expectedLength))
    }

    private func limited(_ source: BodySource) -> BodySource {
        source.url = exchange.url
        source.deadline = exchange.deadline
        source.collectLimit = rules.limits.collectedBody
        return source
    }

    /// Takes the data out of chunks; whether the body is over.
    func decode(
        _ bytes: UnsafeRawBufferPointer, into data: inout [UInt8], _ trailers: TrailerBox
    ) throws -> Bool {
        let span = bytes.bindMemory(to: UInt8.self).span
        var offset = 0
        while true {
            let event: HTTP1ChunkedDecoder.Event
            do throws(HTTP1Error) {
                event = try chunks?.next(span, from: &offset) ?? .end
            } catch {
                throw error.code == .tooLarge && error.status == 413 ? bodyTooLarge() : malformed(error)
            }
            switch event {
            case .data(let range): data.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .needsMore: return false
            case .end:
                trailers.fields = chunks?.trailers
                chunks = nil
                finish(surplus: bytes.count - offset)
                return true
            }
        }
    }
}

/// Trailers on their way out of a decoder.
final class TrailerBox {
    var fields: HTTPFields?

    deinit {}
}

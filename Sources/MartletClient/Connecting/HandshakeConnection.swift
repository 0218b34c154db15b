import MartletHTTP
import MartletLoop
import MartletNet

/// A connection before it goes over to something else than HTTP, a tunnel or a WebSocket: requests are written to its stream,
/// responses read here.
package final class HandshakeConnection {
    /// The connection.
    package let stream: ByteStream
    /// What has been received behind what was asked for.
    package private(set) var unread: [UInt8] = []

    private static let limits = HTTP1Limits()
    private static let mostInterimResponses = 16
    private static let longestExcerpt = 1 << 10
    /// A body that is only to be quoted is not waited for much longer than its head.
    private static let excerptTime: Duration = .seconds(1)

    /// Speaks HTTP on `stream`.
    package init(_ stream: ByteStream) {
        self.stream = stream
    }

    deinit {}

    /// Reads the head of the final response.
    ///
    /// - Parameter method: that of the request.
    /// - Throws: ``HandshakeError`` for one that is malformed or cut off; what reading throws.
    package func readResponse(to method: HTTPMethod) async throws -> HandshakeResponse {
        var parser = HTTP1ResponseParser(limits: Self.limits, requestMethod: method)
        var interimResponses = 0
        while true {
            guard case .complete(let length) = try Self.progress(&parser, unread) else {
                try await receive()
                continue
            }
            let response = HandshakeResponse(parser, in: unread)
            unread.removeFirst(length)
            guard parser.isInterim else { return response }
            interimResponses += 1
            guard interimResponses <= Self.mostInterimResponses else {
                throw HandshakeError(.malformedResponse, "sends interim responses without end")
            }
            parser.reset(requestMethod: method)
        }
    }

    private static func progress(_ parser: inout HTTP1ResponseParser, _ bytes: [UInt8]) throws -> HTTP1Progress {
        do throws(HTTP1Error) {
            return try parser.parse(bytes.span)
        } catch {
            throw HandshakeError(.malformedResponse, "does not answer as HTTP/1.1 has it: \(error.message)")
        }
    }

    private func receive() async throws {
        let bytes = try await stream.read()
        guard !bytes.isEmpty else {
            throw HandshakeError(.endedEarly, "closes the connection before its response is complete")
        }
        unread += bytes
    }

    /// The beginning of a body, as far as it comes, for an error message.
    package func readExcerpt(_ body: HTTP1ResponseParser.Framing) async -> String {
        var excerpt: [UInt8] = []
        // What has come by then is good enough, whatever ended it.
        try? await withTimeout(Self.excerptTime) {
            var decoder = ExcerptDecoder(body, limit: Self.longestExcerpt)
            while decoder.decode(self.unread, into: &excerpt) {
                self.unread = []
                try await self.receive()
            }
        }
        return HandshakeResponse.harmless(String(decoding: excerpt, as: UTF8.self))
    }
}

/// What a server or a proxy does wrong; who it is, whoever asked it knows.
package nonisolated struct HandshakeError: Error {
    /// What went wrong.
    package let code: HTTPClientError.Code
    /// What it does: `sends interim responses without end`.
    package let reason: String

    /// An error.
    package init(_ code: HTTPClientError.Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

/// Takes the beginning of a body out of what is received.
private nonisolated struct ExcerptDecoder {
    private enum Part {
        case length(UInt64)
        case chunks(HTTP1ChunkedDecoder)
        case untilClose
    }

    private var part: Part
    private let limit: Int

    init(_ body: HTTP1ResponseParser.Framing, limit: Int) {
        self.limit = limit
        part =
            switch body {
            case .none: .length(0)
            case .length(let length): .length(length)
            case .chunked: .chunks(HTTP1ChunkedDecoder())
            case .untilClose: .untilClose
            }
    }

    /// Decodes `bytes`, which follow those of the call before; whether more of them are of use.
    mutating func decode(_ bytes: [UInt8], into excerpt: inout [UInt8]) -> Bool {
        switch part {
        case .length(let remaining):
            let taken = Int(min(UInt64(min(bytes.count, limit - excerpt.count)), remaining))
            excerpt += bytes[..<taken]
            part = .length(remaining - UInt64(taken))
            return remaining > UInt64(taken) && excerpt.count < limit
        case .untilClose:
            excerpt += bytes.prefix(limit - excerpt.count)
            return excerpt.count < limit
        case .chunks(var decoder):
            var offset = 0
            while excerpt.count < limit, let event = try? decoder.next(bytes.span, from: &offset) {
                switch event {
                case .data(let range): excerpt += bytes[range].prefix(limit - excerpt.count)
                case .end: return false
                case .needsMore:
                    part = .chunks(decoder)
                    return true
                }
            }
            return false
        }
    }
}

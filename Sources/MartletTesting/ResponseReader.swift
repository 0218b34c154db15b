import HTTPTypes
import MartletHTTP

/// Reads one response of HTTP/1.1 from the bytes that a transport brings, strictly (RFC 9112).
final class ResponseReader {
    private enum Body {
        case none
        case length(UInt64)
        case chunked(HTTP1ChunkedDecoder)
        /// Until the connection ends.
        case rest
    }

    private let transport: any TestTransport
    private let isHead: Bool
    private var received: [UInt8] = []
    private var body = Body.none
    private(set) var trailers: HTTPFields?

    private static let mostOfHead = 256 * 1024

    init(_ transport: any TestTransport, isHead: Bool) {
        self.transport = transport
        self.isHead = isHead
    }

    deinit {}

    /// What was received behind the head of a 101 response.
    var surplus: [UInt8] { received }

    /// The next head; interim ones have a status below 200.
    func head() async throws -> TestResponseHead {
        var searched = 0
        while true {
            if let end = Self.endOfHead(in: received, from: &searched) {
                let head = try Self.parse(received[..<end])
                received.removeFirst(end + 4)
                try beginBody(of: head)
                return head
            }
            guard received.count <= Self.mostOfHead else { throw malformed("the head does not end") }
            guard let bytes = try await transport.receive() else {
                throw TestError(
                    .endedEarly, received.isEmpty ? "the connection ended without a response" : "it ended in a head")
            }
            received += bytes
        }
    }

    /// Some bytes of the body; `nil` at its end.
    func piece() async throws -> [UInt8]? {
        while true {
            switch body {
            case .none: return nil
            case .length(let left):
                if left == 0 { return nil }
                if !received.isEmpty {
                    let count = Int(min(left, UInt64(received.count)))
                    body = .length(left - UInt64(count))
                    return take(count)
                }
            case .chunked(var decoder):
                let event = try next(&decoder)
                body = .chunked(decoder)
                if let piece = event.piece { return piece }
                if event.isEnd {
                    trailers = decoder.trailers
                    body = .none
                    return nil
                }
            case .rest:
                if !received.isEmpty { return take(received.count) }
            }
            guard let bytes = try await transport.receive() else {
                if case .rest = body {
                    body = .none
                    return nil
                }
                throw TestError(.endedEarly, "the connection ended within the body")
            }
            received += bytes
        }
    }

    private func next(_ decoder: inout HTTP1ChunkedDecoder) throws -> (piece: [UInt8]?, isEnd: Bool) {
        var offset = 0
        let bytes = received
        do {
            let event = try decoder.next(bytes.span, from: &offset)
            received.removeFirst(offset)
            switch event {
            case .data(let range): return (Array(bytes[range]), false)
            case .end: return (nil, true)
            case .needsMore: return (nil, false)
            }
        } catch {
            throw malformed(error.message)
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// RFC 9112 §6.3
    private func beginBody(of head: TestResponseHead) throws {
        let code = head.status.code
        let coding = head[.transferEncoding]
        let lengths = head.fields[values: .contentLength]
        guard coding == nil || lengths.isEmpty else { throw malformed("both Transfer-Encoding and Content-Length") }
        if code < 200 || code == 204 || code == 304 || isHead {
            body = .none
        } else if let coding {
            guard coding.lowercased() == "chunked" else { throw malformed("Transfer-Encoding: \(coding)") }
            body = .chunked(HTTP1ChunkedDecoder())
        } else if let length = lengths.first {
            guard lengths.count == 1, length.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let count = UInt64(length) else {
                throw malformed("Content-Length: \(lengths.joined(separator: ", "))")
            }
            body = .length(count)
        } else {
            body = .rest
        }
    }

    // MARK: Heads

    private static func endOfHead(in bytes: [UInt8], from start: inout Int) -> Int? {
        let end: [UInt8] = [13, 10, 13, 10]
        while start + end.count <= bytes.count {
            if bytes[start..<(start + end.count)].elementsEqual(end) { return start }
            start += 1
        }
        return nil
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) throws -> TestResponseHead {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        let line = lines[0]
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "HTTP/1.1", words[1].utf8.count == 3, let code = Int(words[1]),
            (100...999).contains(code)
        else { throw TestError(.malformed, "the status line \"\(line)\"") }
        var fields = HTTPFields()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), let name = HTTPField.Name(String(line[..<colon])) else {
                throw TestError(.malformed, "the field line \"\(line)\"")
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields.append(HTTPField(name: name, value: String(value)))
        }
        return TestResponseHead(
            status: HTTPResponse.Status(code: code, reasonPhrase: String(words[2])), fields: fields)
    }

    private func malformed(_ what: String) -> TestError {
        TestError(.malformed, "the server sent what is no response: \(what)")
    }
}

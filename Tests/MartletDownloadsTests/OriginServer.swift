import MartletLoop
import MartletNet

/// A server of one file whose every answer can be told to go wrong: raw HTTP over a stream.
final class OriginServer {
    /// What is wrong with one answer.
    struct Answer {
        var status = "200 OK"
        var fields: [String] = []
        /// Whether Range is looked at.
        var takesRanges = true
        /// Content-Range in place of the right one.
        var contentRange: String?
        /// Bytes of the body to send before the connection is closed.
        var cut: Int?
        /// Bytes that Content-Length claims above the truth.
        var excess = 0
        /// Whether the length is told, or chunks are sent.
        var isChunked = false
        /// A wait before the body, for as long as this is not set.
        var gate: Event?
    }

    struct Request: Equatable {
        var target: String
        var range: String?
        var ifRange: String?
        var authorization: String?
    }

    var content: [UInt8]
    var tag: String? = "\"v1\""
    var lastModified: String?
    var acceptRanges = "bytes"
    /// What goes wrong with the next answers, in order; all is well with those behind.
    var script: [Answer] = []
    /// What goes wrong with every answer that the script says nothing of.
    var usual = Answer()
    private(set) var requests: [Request] = []
    private(set) var most = 0
    private var current = 0
    private var server: StreamServer?

    init(_ content: [UInt8]) throws {
        self.content = content
        server = try StreamServer(at: "127.0.0.1:0") { [unowned self] stream in try await serve(stream) }
    }

    deinit {}

    var address: String { server.map { "\($0.address)" } ?? "" }

    func url(_ path: String) -> String { "http://\(address)\(path)" }

    func close() async {
        await server?.close(drainTime: .zero)
        server = nil
    }

    private func serve(_ stream: ByteStream) async throws {
        let line = try await stream.readLine() ?? ""
        let words = line.split(separator: " ")
        guard words.count == 3 else { return }
        var request = Request(target: String(words[1]))
        while let field = try await stream.readLine(), !field.isEmpty {
            let parts = field.split(separator: ":", maxSplits: 1)
            let value = parts[1].trimmed
            switch parts[0].lowercased() {
            case "range": request.range = value
            case "if-range": request.ifRange = value
            case "authorization": request.authorization = value
            default: break
            }
        }
        requests.append(request)
        let answer = script.isEmpty ? usual : script.removeFirst()
        current += 1
        most = max(most, current)
        defer { current -= 1 }
        try await write(answer, to: request, stream)
    }

    private func write(_ answer: Answer, to request: Request, _ stream: ByteStream) async throws {
        var head = ""
        var body = content[...]
        var status = answer.status
        let isSame = request.ifRange == nil || request.ifRange == tag || request.ifRange == lastModified
        if status.hasPrefix("200"), answer.takesRanges, isSame, let range = request.range.flatMap(Self.range) {
            let end = min(range.end ?? content.count, content.count)
            if range.start >= content.count {
                status = "416 Range Not Satisfiable"
                body = []
                head += "Content-Range: \(answer.contentRange ?? "bytes */\(content.count)")\r\n"
            } else {
                status = "206 Partial Content"
                body = content[range.start..<end]
                head +=
                    "Content-Range: \(answer.contentRange ?? "bytes \(range.start)-\(end - 1)/\(content.count)")\r\n"
            }
        }
        if !status.hasPrefix("2") { body = [] }
        if let tag { head += "ETag: \(tag)\r\n" }
        if let lastModified { head += "Last-Modified: \(lastModified)\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT\r\n" }
        head += "Accept-Ranges: \(acceptRanges)\r\nConnection: close\r\n"
        for field in answer.fields { head += "\(field)\r\n" }
        head +=
            answer.isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: \(body.count + answer.excess)\r\n"
        try await stream.write("HTTP/1.1 \(status)\r\n\(head)\r\n")
        try await answer.gate?.wait()
        let bytes = Array(body.prefix(answer.cut ?? .max))
        if answer.isChunked, !bytes.isEmpty {
            try await stream.write("\(String(bytes.count, radix: 16))\r\n")
            try await stream.write(bytes)
            try await stream.write("\r\n")
        } else {
            // In pieces, so that others have their turn.
            for start in stride(from: 0, to: bytes.count, by: 16 << 10) {
                try await stream.write(Array(bytes[start..<min(bytes.count, start + 16 << 10)]))
                await Task.yield()
            }
        }
        if answer.isChunked, answer.cut == nil { try await stream.write("0\r\n\r\n") }
        try await stream.finishWriting()
    }

    private static func range(_ text: String) -> (start: Int, end: Int?)? {
        let parts = text.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let start = Int(parts[0]) else { return nil }
        return (start, Int(parts[1]).map { $0 + 1 })
    }
}

extension Substring {
    fileprivate var trimmed: String { String(drop { $0 == " " }) }
}

/// Bytes that are not the same anywhere.
nonisolated func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}

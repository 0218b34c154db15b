import MartletHTTP

/// What the parser makes of a stream of requests, read as a connection reads it: until a message says that it is the
/// last one.
struct Verdict {
    private struct Message {
        let method: String
        let target: String
        let start: Int
        /// Nil while it is not whole.
        var bodyLength: Int?
    }

    private enum End {
        /// Between two messages.
        case whole
        /// Within a message.
        case partial
        /// Behind a message that says it is the last one.
        case closed
        case refused(HTTP1Error)
    }

    private var messages: [Message] = []
    private var end = End.whole

    init(of stream: [UInt8]) {
        do throws(HTTP1Error) {
            end = try read(stream)
        } catch {
            end = .refused(error)
        }
    }

    private mutating func read(_ stream: [UInt8]) throws(HTTP1Error) -> End {
        var parser = HTTP1RequestParser()
        var start = 0
        while start < stream.count {
            let unread = stream.span.extracting(start...)
            guard case .complete(let length) = try parser.parse(unread) else {
                return parser.isInHead ? .partial : .whole
            }
            messages.append(
                Message(
                    method: String(parser.methodName, in: unread), target: String(parser.target, in: unread),
                    start: start))
            start += length
            guard let bodyLength = try readBody(parser.body, stream, &start) else { return .partial }
            messages[messages.count - 1].bodyLength = bodyLength
            guard parser.isKeepAlive else { return .closed }
            parser.reset()
        }
        return .whole
    }

    /// The number of bytes of a body that is there as a whole; else nil.
    private func readBody(
        _ framing: HTTP1BodyFraming, _ stream: [UInt8], _ start: inout Int
    ) throws(HTTP1Error) -> Int? {
        switch framing {
        case .none: return 0
        case .length(let length):
            guard length <= UInt64(stream.count - start) else { return nil }
            start += Int(length)
            return Int(length)
        case .chunked:
            var decoder = HTTP1ChunkedDecoder()
            var bodyLength = 0
            while true {
                switch try decoder.next(stream.span, from: &start) {
                case .data(let range): bodyLength += range.count
                case .needsMore: return nil
                case .end: return bodyLength
                }
            }
        }
    }

    /// As one line of JSON.
    var line: String {
        let list = messages.map { message in
            let length = message.bodyLength.map(String.init) ?? "null"
            return "[\(quoted(message.method)), \(quoted(message.target)), \(length), \(message.start)]"
        }
        let (name, reason) =
            switch end {
            case .whole: ("whole", "")
            case .partial: ("partial", "")
            case .closed: ("closed", "")
            case .refused(let error): ("refused", "\(error.status) \(error.message)")
            }
        let joined = list.joined(separator: ", ")
        return "{\"messages\": [\(joined)], \"end\": \"\(name)\", \"reason\": \(quoted(reason))}"
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { result += "\\" }
            result.unicodeScalars.append(character)
        }
        return result + "\""
    }
}

import MartletHTTP

/// What a server's answer to a request for a file, or for a part of it, says; and what follows from that.
public struct Answer: Sendable {
    /// The status code.
    public var status: Int
    /// Content-Length, if the answer has one.
    public var contentLength: Int?
    /// Content-Range, as it was sent.
    public var contentRange: String?
    /// Accept-Ranges, as it was sent.
    public var acceptRanges: String?
    /// Content-Encoding, as it was sent.
    public var contentEncoding: String?
    /// What version it is of.
    public var validator: Validator

    /// An answer.
    public init(
        status: Int, contentLength: Int? = nil, contentRange: String? = nil, acceptRanges: String? = nil,
        contentEncoding: String? = nil, validator: Validator
    ) {
        self.status = status
        self.contentLength = contentLength
        self.contentRange = contentRange
        self.acceptRanges = acceptRanges
        self.contentEncoding = contentEncoding
        self.validator = validator
    }

    /// What was asked for.
    public enum Question: Hashable, Sendable {
        /// The whole file.
        case whole
        /// These bytes of a version with this validator, whose length is known unless it is `nil`.
        case part(Range<Int>, length: Int?, validator: Validator)
    }

    /// What follows from an answer.
    public enum Verdict: Hashable, Sendable {
        /// The body is the whole file, of this length if it is known.
        case whole(length: Int?)
        /// The body is the bytes from `start` to `end`, of a file of that length.
        case part(start: Int, end: Int, length: Int)
        /// There is nothing behind what is there already: the file has that length.
        case nothingLeft(length: Int)
        /// What is there is of no use any more, for this reason: begin again, without ranges if the server cannot be
        /// trusted with them.
        case startOver(because: String, withRanges: Bool)
        /// No file, and asking again later may help, or not.
        case refused(mayPass: Bool)
    }

    /// Whether the file can be had in parts that are sure to belong together.
    public var allowsParts: Bool {
        validator.ifRange != nil
            && acceptRanges?.split(separator: ",").contains {
                $0.filter { $0 != " " && $0 != "\t" }.lowercased() == "bytes"
            } == true
    }

    /// What follows from it.
    public func verdict(on question: Question) -> Verdict {
        switch status {
        case 200: return .whole(length: contentLength)
        case 206: return part(question)
        case 416: return unsatisfied(question)
        case 408, 425, 429, 500, 502, 503, 504: return .refused(mayPass: true)
        default: return .refused(mayPass: false)
        }
    }

    private func part(_ question: Question) -> Verdict {
        guard case .part(let asked, let length, let known) = question else {
            return .startOver(because: "the server sent a part although the whole was asked for", withRanges: false)
        }
        guard known.isCompatible(with: validator) else {
            return .startOver(because: "the file has changed on the server", withRanges: true)
        }
        guard let sent = contentRange.flatMap({ ContentRange($0) }), let range = sent.range,
            let total = Int(exactly: sent.length)
        else {
            let text = contentRange.map { "\"\($0.prefix(80))\"" } ?? "missing"
            return .startOver(because: "the server's Content-Range is \(text)", withRanges: false)
        }
        guard length == nil || length == total else {
            return .startOver(because: "the file's length has changed on the server", withRanges: true)
        }
        let start = Int(range.lowerBound)
        let end = Int(range.upperBound)
        // Fewer bytes than asked for are allowed (RFC 9110 §15.3.7), others are not.
        guard start == asked.lowerBound, end <= asked.upperBound || asked.upperBound > total,
            contentLength == nil || contentLength == end - start
        else {
            return .startOver(
                because: "the server sent other bytes than asked for: \(sent) for \(asked)", withRanges: false)
        }
        return .part(start: start, end: end, length: total)
    }

    private func unsatisfied(_ question: Question) -> Verdict {
        guard case .part(let asked, let length, let known) = question else { return .refused(mayPass: false) }
        // A server may look at Range and not at If-Range first: the same length alone is no sign of the same file.
        guard known.isConfirmed(by: validator) else {
            return .startOver(because: "the server does not say whether what is here is the whole", withRanges: true)
        }
        if let sent = contentRange.flatMap({ ContentRange($0) }), let total = Int(exactly: sent.length),
            total == asked.lowerBound, length == nil || length == total
        {
            return .nothingLeft(length: total)
        }
        return .startOver(because: "the file on the server is shorter than what is here", withRanges: true)
    }
}

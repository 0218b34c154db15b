import MartletHTTP

/// Undoes the content codings of a body (RFC 9110 §8.4) while it comes, in pieces of bounded size, and no more of it than
/// is allowed.
///
/// Input goes in with `take`, output comes out with `next` until there is none: so a piece that grows by a thousand times
/// is never held at once.
package nonisolated final class ContentDecoder {
    /// The codings that can be undone.
    package static let codings: [ContentCoding] = [.gzip, .deflate, .brotli]
    /// How many codings may lie in each other. Nobody applies more than two; each holds memory and may do work.
    package static let mostCodings = 4

    /// How large the pieces are that come out.
    private static let pieceSize = 64 << 10
    /// What may come out whatever went in: small bodies compress by any ratio.
    private static let free: UInt64 = 1 << 20
    /// What is decompressed in a row without anything coming out: well below a millisecond's work.
    private static let mostWork = 256 << 10

    /// The last coding that was applied first.
    private let stages: [any DecodingStage]
    private let limits: ContentDecodingLimits
    private var input: UInt64 = 0
    /// What has come out of each stage.
    private var outputs: [UInt64]
    /// What has been decompressed since the caller was last given something.
    private var work = 0
    private var isLast = false

    /// A decoder of a body.
    ///
    /// - Parameters:
    ///   - codings: in the order in which they were applied, at least one: what ``codings(in:)`` has made of the field.
    ///   - limits: how large the body may become.
    package init(_ codings: [ContentCoding], limits: ContentDecodingLimits) {
        precondition(!codings.isEmpty, "without codings there is nothing to undo")
        stages = codings.reversed().map { coding in
            switch coding {
            case .brotli: BrotliStage()
            case .deflate: InflateStage(.deflate)
            default: InflateStage(.gzip)
            }
        }
        outputs = [UInt64](repeating: 0, count: codings.count)
        self.limits = limits
    }

    deinit {}

    /// The codings that a value of Content-Encoding names, in the order in which they were applied, without `identity`;
    /// `nil` when there is one among them that cannot be undone, or there are too many.
    package static func codings(in field: String) -> [ContentCoding]? {
        var found: [ContentCoding] = []
        for element in field.split(separator: ",") {
            let words = element.split { $0 == " " || $0 == "\t" }
            guard let word = words.first else { continue }
            let name = ContentCoding(rawValue: String(word))
            let coding = name.rawValue == "x-gzip" ? ContentCoding.gzip : name
            if coding == .identity, words.count == 1 { continue }
            guard words.count == 1, codings.contains(coding), found.count < mostCodings else { return nil }
            found.append(coding)
        }
        return found
    }

    /// Takes the next bytes of the body; `next` has returned nil before.
    package func take(_ bytes: [UInt8], isLast: Bool) {
        input += UInt64(bytes.count)
        self.isLast = self.isLast || isLast
        if !bytes.isEmpty { stages[0].take(bytes) }
    }

    /// The next bytes; `nil` when more has to go in, or at the end; none when much has been done for nothing, so that the
    /// caller lets others run before it asks again.
    package func next() throws(ContentDecodingError) -> [UInt8]? {
        work = 0
        return try piece(of: stages.count - 1)
    }

    private func piece(of index: Int) throws(ContentDecodingError) -> [UInt8]? {
        let stage = stages[index]
        while true {
            if work > Self.mostWork { return [] }
            if let output = try stage.next(Self.pieceSize) {
                try count(output.count, of: index)
                return output
            }
            if index > 0, let more = try piece(of: index - 1) {
                if more.isEmpty { return more }
                work += more.count
                stage.take(more)
                continue
            }
            if isLast, !stage.isComplete {
                throw ContentDecodingError(.malformed, "it ends before its compressed data does")
            }
            return nil
        }
    }

    /// The output of each stage counts: what is between two may be large and come to nothing.
    private func count(_ bytes: Int, of index: Int) throws(ContentDecodingError) {
        outputs[index] += UInt64(bytes)
        if index == stages.count - 1, outputs[index] > limits.body {
            let isBomb = outputs[index] / expansion > input - UInt64(stages[0].unread)
            throw ContentDecodingError(
                .tooLarge(isBomb: isBomb), "it is larger than the limit of \(limits.body) bytes")
        }
        if outputs[index] > Self.free, outputs[index] / expansion > input {
            throw ContentDecodingError(.bomb, "it grows to more than \(limits.expansion) times its size")
        }
    }

    private var expansion: UInt64 { UInt64(max(1, limits.expansion)) }
}

/// How large a body may become when its codings are undone.
package nonisolated struct ContentDecodingLimits: Sendable {
    /// Bytes of the decoded body.
    package var body: UInt64
    /// How many times as large as it was sent it may be, once it is larger than 1 MiB.
    package var expansion: Int

    /// Both limits.
    package init(body: UInt64, expansion: Int) {
        self.body = body
        self.expansion = expansion
    }
}

/// One coding.
nonisolated protocol DecodingStage: AnyObject {
    /// Takes input, after all there was has been used.
    func take(_ bytes: [UInt8])
    /// Some output, of `size` bytes at most; `nil` when all input is used up.
    func next(_ size: Int) throws(ContentDecodingError) -> [UInt8]?
    /// Bytes that it has taken, and not looked at.
    var unread: Int { get }
    /// Whether the data has come to its end, or has not begun.
    var isComplete: Bool { get }
}

import MartletHTTP

/// Decompresses a body while it comes, in pieces of bounded size, and no more of it than is allowed.
///
/// Input goes in with `take`, output comes out with `next` until there is none: so a piece that grows by a thousand times
/// is never held at once.
nonisolated final class BodyDecoder {
    /// How large the pieces are that come out.
    private static let pieceSize = 64 << 10
    /// What may come out whatever went in: small bodies compress by any ratio.
    private static let free: UInt64 = 1 << 20
    /// What is decompressed in a row without anything coming out.
    private static let mostWork = 1 << 20

    private var stages: [any DecodingStage]
    private let url: HTTPURL
    private let limits: HTTPClientLimits
    private var input: UInt64 = 0
    /// What has come out of each stage.
    private var outputs: [UInt64]
    /// What has been decompressed since the caller was last given something.
    private var work = 0
    private var isLast = false

    /// A decoder for the codings of a body, in the order in which they were applied; `nil` when there is one that cannot be
    /// undone, or none at all.
    ///
    /// - Parameter codings: the value of Content-Encoding.
    init?(_ codings: String, url: HTTPURL, limits: HTTPClientLimits) {
        var stages: [any DecodingStage] = []
        for name in codings.split(separator: ",") {
            switch name.filter({ $0 != " " && $0 != "\t" }).lowercased() {
            case "gzip", "x-gzip": stages.append(InflateStage(.gzip))
            case "deflate": stages.append(InflateStage(.deflate))
            case "br": stages.append(BrotliStage())
            case "identity", "": break
            default: return nil
            }
        }
        // Nobody applies more; each stage holds memory.
        guard !stages.isEmpty, stages.count <= 2 else { return nil }
        self.stages = stages.reversed()
        outputs = [UInt64](repeating: 0, count: stages.count)
        self.url = url
        self.limits = limits
    }

    deinit {}

    /// Takes the next bytes of the body; `next` has returned nil before.
    func take(_ bytes: [UInt8], isLast: Bool) throws {
        input += UInt64(bytes.count)
        self.isLast = self.isLast || isLast
        if !bytes.isEmpty { stages[0].take(bytes) }
    }

    /// The next bytes; `nil` when more has to go in, or at the end; none when much has been done for nothing, so that the
    /// caller lets others run before it asks again.
    func next() throws -> [UInt8]? {
        work = 0
        return try piece(of: stages.count - 1)
    }

    private func piece(of index: Int) throws -> [UInt8]? {
        let stage = stages[index]
        while true {
            if work > Self.mostWork { return [] }
            let output: [UInt8]?
            do throws(DecodingFailure) {
                output = try stage.next(Self.pieceSize)
            } catch {
                throw HTTPClientError(
                    .malformedCoding, url: url, "the body cannot be decompressed: \(error.reason)")
            }
            if let output {
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
                throw HTTPClientError(
                    .malformedCoding, url: url,
                    "the body cannot be decompressed: it ends before its compressed data does")
            }
            return nil
        }
    }

    /// The output of each stage counts: what is between two may be large and come to nothing.
    private func count(_ bytes: Int, of index: Int) throws {
        outputs[index] += UInt64(bytes)
        if index == stages.count - 1, outputs[index] > limits.body {
            throw HTTPClientError(
                .tooLarge, url: url, "the body is larger than the limit of \(limits.body) bytes when it is decompressed"
            )
        }
        if outputs[index] > Self.free, outputs[index] / UInt64(max(1, limits.expansion)) > input {
            throw HTTPClientError(
                .compressionBomb, url: url,
                "the body grows to more than \(limits.expansion) times its size when it is decompressed")
        }
    }
}

/// One coding.
nonisolated protocol DecodingStage: AnyObject {
    /// Takes input, after all there was has been used.
    func take(_ bytes: [UInt8])
    /// Some output, of `size` bytes at most; `nil` when all input is used up.
    func next(_ size: Int) throws(DecodingFailure) -> [UInt8]?
    /// Whether the data has come to its end, or has not begun.
    var isComplete: Bool { get }
}

/// Why data cannot be decompressed.
nonisolated struct DecodingFailure: Error {
    let reason: String
}

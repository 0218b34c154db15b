import HTTPTypes
import MartletHTTP
import MartletLoop

/// Compresses what is answered to clients that can undo it (RFC 9110 §8.4): with brotli, gzip or deflate.
///
/// Compressed are bodies of types that are worth it and of at least ``minimumSize`` bytes, unless the response says
/// `Content-Encoding`, `Content-Range` or `Cache-Control: no-transform`. A strong entity tag becomes a weak one. Bodies
/// in memory are compressed at once, larger ones than ``offloadSize`` on a thread of the pool, so that the loop is not
/// held up; streams are compressed as they are written, events one by one, others when the writer is flushed and
/// whenever enough has gathered.
///
/// Do not compress a secret together with what a stranger can put beside it: the length gives it away (BREACH).
public final class Compression: Filter {
    /// Bodies of fewer bytes are sent as they are: compressed they take as many packets.
    public let minimumSize: Int
    /// Bodies in memory of more bytes are compressed on a thread. 128 KiB of text took zlib 2.4 ms at level 4, and nothing
    /// may keep the loop for more than one.
    public let offloadSize: Int
    private let codings: [ContentCoding]
    private let level: Int
    private let types: Set<String>
    /// One that has just been used: making one takes longer than a small body does.
    private var spare: (coding: ContentCoding, encoder: any ContentEncoder)?

    private static let vary = HTTPField(name: .vary, value: "Accept-Encoding")

    /// A filter that compresses.
    ///
    /// - Parameters:
    ///   - codings: what is offered; of what a client likes alike, the first.
    ///   - level: from 1, fast, to 9, small.
    ///   - minimumSize: bytes that a body in memory has to have.
    ///   - offloadSize: bytes from which a body in memory is compressed on a thread.
    ///   - types: further media types that are worth it, beside text, JSON, XML, JavaScript, SVG, WebAssembly and fonts
    ///     that are not compressed themselves.
    public init(
        codings: [ContentCoding] = [.brotli, .gzip, .deflate], level: Int = 4, minimumSize: Int = 1024,
        offloadSize: Int = 32 * 1024, types: [String] = []
    ) {
        self.codings = codings.filter { [.brotli, .gzip, .deflate].contains($0) }
        self.level = level
        self.minimumSize = minimumSize
        self.offloadSize = offloadSize
        self.types = Self.usualTypes.union(types.map { $0.lowercased() })
    }

    deinit {}

    private static let usualTypes: Set<String> = [
        "application/json", "application/javascript", "application/xml", "application/wasm", "application/rtf",
        "application/manifest+json", "application/x-javascript", "application/x-ndjson", "application/graphql",
        "image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon", "font/ttf", "font/otf",
        "application/vnd.ms-fontobject",
    ]

    /// Compresses the body, or has it compressed while it is sent.
    public func after(_ request: Request, _ response: inout Response) throws {
        guard isCandidate(response) else { return }
        response.fields.vary(on: Self.vary)
        guard request.has(.acceptEncoding), let coding = AcceptEncoding(request[.acceptEncoding]).best(of: codings),
            coding != .identity
        else { return }
        switch response.body {
        case .text(let text): compress(Array(text.utf8), coding, &response)
        case .bytes(let bytes): compress(bytes, coding, &response)
        case .stream(let length, let produce): compress(length, produce, coding, &response)
        case .none, .upgrade: break
        }
    }

    /// Whether a response is compressed for those that ask for it.
    private func isCandidate(_ response: Response) -> Bool {
        switch response.body {
        case .text(let text): guard text.utf8.count >= minimumSize else { return false }
        case .bytes(let bytes): guard bytes.count >= minimumSize else { return false }
        case .stream(let length, _): guard length.map({ $0 >= UInt64(minimumSize) }) ?? true else { return false }
        case .none, .upgrade: return false
        }
        guard response.status.code >= 200, ![204, 206, 304].contains(response.status.code),
            let type = response.contentType ?? response.fields.first(.contentType), isCompressible(type),
            !response.includes(.contentEncoding), !response.includes(.contentRange)
        else { return false }
        return response.fields.first(.cacheControl)?.lowercased().contains("no-transform") != true
    }

    private func isCompressible(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml") || types.contains(type)
    }

    // MARK: Bodies in memory

    private func compress(_ bytes: [UInt8], _ coding: ContentCoding, _ response: inout Response) {
        guard bytes.count <= offloadSize else { return compressOnThread(bytes, coding, &response) }
        let encoder = takeEncoder(coding)
        let compressed = encoder.encode(bytes, .finish)
        if encoder.reset() { spare = (coding, encoder) }
        // What does not compress is sent as it is.
        guard compressed.count < bytes.count else { return }
        response.body = .bytes(compressed)
        announce(coding, &response)
    }

    private func takeEncoder(_ coding: ContentCoding) -> any ContentEncoder {
        guard let spare, spare.coding == coding else { return ContentEncoders.make(coding, level: level) }
        self.spare = nil
        return spare.encoder
    }

    /// A filter may not wait, but a streamed body may.
    private func compressOnThread(_ bytes: [UInt8], _ coding: ContentCoding, _ response: inout Response) {
        let level = level
        response.body = .stream(length: nil) { writer in
            let compressed = try await offload { ContentEncoders.make(coding, level: level).encode(bytes, .finish) }
            try await writer.write(compressed)
        }
        announce(coding, &response)
    }

    // MARK: Streams

    private func compress(
        _ length: UInt64?, _ produce: @escaping @MainActor @Sendable (ResponseBodyWriter) async throws -> Void,
        _ coding: ContentCoding, _ response: inout Response
    ) {
        let level = level
        let isEvents = response.contentType?.hasPrefix("text/event-stream") == true
        response.body = .stream(length: nil) { writer in
            let encoding = StreamEncoding(ContentEncoders.make(coding, level: level), flushesEachPiece: isEvents)
            writer.encoding = encoding
            try await produce(writer)
            if let length, encoding.count != length {
                throw HTTPError(.internalServerError, "\(encoding.count) of \(length) bytes were written")
            }
        }
        announce(coding, &response)
    }

    private func announce(_ coding: ContentCoding, _ response: inout Response) {
        response.fields.append(HTTPField(name: .contentEncoding, value: coding.rawValue))
        if let tag = response.fields.first(.eTag), !tag.hasPrefix("W/") { response.fields[.eTag] = "W/" + tag }
        // Parts of what is compressed are no parts of what was there before.
        if response.includes(.acceptRanges) { response.fields[.acceptRanges] = nil }
    }
}

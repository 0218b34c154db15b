import FoundationEssentials
import MartletHTTP

/// What a request of a ``TestClient`` sends.
public struct TestBody {
    enum Content {
        case none
        case bytes([UInt8])
        case stream(length: UInt64?, @MainActor (TestBodyWriter) async throws -> Void)
    }

    let content: Content
    let contentType: String?

    private init(_ content: Content, _ contentType: String?) {
        self.content = content
        self.contentType = contentType
    }

    /// Nothing.
    public static var none: TestBody { TestBody(.none, nil) }

    /// Bytes.
    public static func bytes(_ bytes: [UInt8], contentType: String? = "application/octet-stream") -> TestBody {
        TestBody(.bytes(bytes), contentType)
    }

    /// A text, as UTF-8.
    public static func text(_ text: String, contentType: String? = "text/plain; charset=utf-8") -> TestBody {
        TestBody(.bytes(Array(text.utf8)), contentType)
    }

    /// A value as JSON; dates are in the form of ISO 8601.
    ///
    /// - Throws: `EncodingError` when it cannot be encoded.
    public static func json<Value: Encodable>(_ value: Value) throws -> TestBody {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        return TestBody(.bytes(Array(try encoder.encode(value))), "application/json")
    }

    /// The fields of a form, as `application/x-www-form-urlencoded`.
    public static func form(_ fields: [(String, String)]) -> TestBody {
        TestBody(.bytes(Array(FormEncoder.encode(fields).utf8)), "application/x-www-form-urlencoded")
    }

    /// A form, as `multipart/form-data`.
    public static func multipart(_ parts: [TestPart]) -> TestBody {
        let encoder = MultipartEncoder()
        var output = ByteBuffer()
        for part in parts {
            encoder.beginPart(
                name: part.name, filename: part.filename, contentType: part.contentType, in: &output)
            output.append(contentsOf: part.content)
            encoder.endPart(in: &output)
        }
        encoder.end(in: &output)
        return TestBody(.bytes(Array(output.readableBytes)), encoder.contentType)
    }

    /// A body that is made while it is sent.
    ///
    /// - Parameters:
    ///   - contentType: its media type.
    ///   - length: how many bytes there will be; `nil`: it is sent in chunks.
    ///   - write: writes it.
    public static func stream(
        contentType: String? = "application/octet-stream", length: UInt64? = nil,
        _ write: @escaping @MainActor (TestBodyWriter) async throws -> Void
    ) -> TestBody {
        TestBody(.stream(length: length, write), contentType)
    }
}

/// A part of a form.
public nonisolated struct TestPart: Hashable, Sendable {
    /// The name of the form's field.
    public var name: String
    /// The name of the file; `nil`: it is none.
    public var filename: String?
    /// The media type.
    public var contentType: String?
    /// The content.
    public var content: [UInt8]

    /// A field.
    public init(name: String, _ text: String) {
        self.name = name
        content = Array(text.utf8)
    }

    /// A file.
    public init(name: String, filename: String, contentType: String? = nil, _ content: [UInt8]) {
        self.name = name
        self.filename = filename
        self.contentType = contentType
        self.content = content
    }
}

/// Sends a request's body piece by piece.
public final class TestBodyWriter {
    private let transport: any TestTransport
    private let isChunked: Bool

    init(_ transport: any TestTransport, isChunked: Bool) {
        self.transport = transport
        self.isChunked = isChunked
    }

    deinit {}

    /// Sends some bytes.
    ///
    /// - Throws: when the server takes nothing any more.
    public func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        guard isChunked else { return try await transport.send(bytes) }
        var output = ByteBuffer()
        bytes.withUnsafeBytes { HTTP1ChunkedEncoder.append($0, to: &output) }
        try await transport.send(Array(output.readableBytes))
    }

    /// Sends some text as UTF-8.
    ///
    /// - Throws: as `write` for bytes does.
    public func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }

    func finish() async throws {
        guard isChunked else { return }
        var output = ByteBuffer()
        HTTP1ChunkedEncoder.end(in: &output)
        try await transport.send(Array(output.readableBytes))
    }
}

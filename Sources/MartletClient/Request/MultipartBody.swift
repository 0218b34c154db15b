import Glibc
import MartletHTTP
import MartletLoop

/// A form with files, sent as `multipart/form-data` (RFC 7578) while it is read: nothing is held at once.
///
/// ```swift
/// var form = MultipartBody()
/// form.append("title", "A bird")
/// try await form.append("photo", file: "/home/me/swift.jpg", contentType: "image/jpeg")
/// let response = try await client.post(url, body: form.body)
/// ```
public struct MultipartBody {
    private enum Content {
        case bytes([UInt8])
        case file(path: String, length: UInt64)
        case stream(length: UInt64?, @MainActor @Sendable (HTTPClientBodyWriter) async throws -> Void)
    }

    private struct Part {
        let head: [UInt8]
        let content: Content
    }

    private let encoder = MultipartEncoder()
    private var parts: [Part] = []

    /// A form without parts.
    public init() {}

    /// Adds a text.
    public mutating func append(_ name: String, _ value: String) {
        append(.bytes(Array(value.utf8)), name, filename: nil, contentType: nil)
    }

    /// Adds bytes as a file.
    public mutating func append(
        _ name: String, bytes: [UInt8], filename: String, contentType: String = "application/octet-stream"
    ) {
        append(.bytes(bytes), name, filename: filename, contentType: contentType)
    }

    /// Adds a file, which is read while it is sent, under the last part of its path.
    ///
    /// - Throws: `SystemError` when there is no such file.
    public mutating func append(
        _ name: String, file path: String, contentType: String = "application/octet-stream"
    ) async throws {
        let length = try await FileSystem.status(of: path).size
        let filename = path.split(separator: "/").last.map(String.init) ?? path
        append(.file(path: path, length: UInt64(length)), name, filename: filename, contentType: contentType)
    }

    /// Adds a file that is made while it is sent.
    ///
    /// - Parameters:
    ///   - name: the field's name.
    ///   - filename: the name that the receiver is told.
    ///   - contentType: the type that the receiver is told.
    ///   - length: how many bytes there will be; without, the whole form is sent in chunks.
    ///   - write: called when it is the file's turn, with what takes its bytes.
    public mutating func append(
        _ name: String, filename: String, contentType: String = "application/octet-stream", length: UInt64? = nil,
        _ write: @escaping @MainActor @Sendable (HTTPClientBodyWriter) async throws -> Void
    ) {
        append(.stream(length: length, write), name, filename: filename, contentType: contentType)
    }

    private mutating func append(_ content: Content, _ name: String, filename: String?, contentType: String?) {
        var head = ByteBuffer()
        encoder.beginPart(name: name, filename: filename, contentType: contentType, in: &head)
        parts.append(Part(head: [UInt8](head.readableBytes), content: content))
    }

    /// The form as the body of a request. It can be sent again as far as its parts can be made again.
    public var body: HTTPClientRequestBody {
        let (encoder, parts) = (encoder, parts)
        return .stream(length: length, contentType: encoder.contentType) { writer in
            for part in parts {
                try await writer.write(part.head)
                switch part.content {
                case .bytes(let bytes): try await writer.write(bytes)
                case .file(let path, let length): try await Self.write(path, length, to: writer)
                case .stream(_, let write): try await write(writer)
                }
                try await writer.write(Self.end { encoder.endPart(in: &$0) })
            }
            try await writer.write(Self.end { encoder.end(in: &$0) })
        }
    }

    /// `nil` when a part does not know its own.
    private var length: UInt64? {
        var total = UInt64(Self.end { encoder.end(in: &$0) }.count)
        let perPart = UInt64(Self.end { encoder.endPart(in: &$0) }.count)
        for part in parts {
            switch part.content {
            case .bytes(let bytes): total += UInt64(bytes.count)
            case .file(_, let length), .stream(let length?, _): total += length
            case .stream(nil, _): return nil
            }
            total += UInt64(part.head.count) + perPart
        }
        return total
    }

    private static func end(_ append: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer()
        append(&buffer)
        return [UInt8](buffer.readableBytes)
    }

    /// No more of a file that has grown since than was announced; one that has shrunk makes the body too short.
    private static func write(_ path: String, _ length: UInt64, to writer: HTTPClientBodyWriter) async throws {
        let file = try await File.open(path)
        do {
            var left = length
            while left > 0 {
                let bytes = try await file.read(upTo: Int(min(left, 256 << 10)))
                if bytes.isEmpty { break }
                try await writer.write(bytes)
                left -= UInt64(bytes.count)
            }
            try await file.close()
        } catch {
            try? await file.close()
            throw error
        }
    }
}

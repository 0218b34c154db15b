import Glibc
import HTTPTypes
import MartletHTTP
import MartletLoop

/// A form that was sent as `multipart/form-data`, all of it: its fields in memory, its files there or on disk.
public struct MultipartForm {
    /// The parts that are no files, decoded as UTF-8 (what is not becomes U+FFFD), in order.
    public internal(set) var fields = QueryParameters()
    /// The parts that are files, in order.
    public internal(set) var files: [UploadedFile] = []

    /// The first file of a field.
    public func file(_ name: String) -> UploadedFile? {
        files.first { $0.name == name }
    }
}

/// A file that came with a form. It lives until the form's scope ends; ``move(to:)`` keeps it.
public final class UploadedFile {
    /// The name of the form's field.
    public let name: String
    /// The file's name as the client has it. Never make a path of it: it may be `../../etc/passwd`.
    public let filename: String
    /// The media type that the client says it has.
    public let contentType: String?
    /// Bytes.
    public let count: Int

    /// Where its content is.
    public enum Content {
        /// In memory: it was small.
        case memory([UInt8])
        /// In a file that is removed when the form's scope ends.
        case file(path: String)
    }

    /// Where its content is.
    public private(set) var content: Content

    init(head: MultipartPartHead, count: Int, content: Content) {
        name = head.name
        filename = head.filename ?? ""
        contentType = head.contentType
        self.count = count
        self.content = content
    }

    deinit {}

    /// Its content, read from disk if it is there.
    ///
    /// - Throws: `SystemError` when it cannot be read.
    public func read() async throws -> [UInt8] {
        switch content {
        case .memory(let bytes): bytes
        case .file(let path): try await File.read(path, limit: .max)
        }
    }

    /// Keeps the file under a path. One that lies there already is replaced, in one step if it is on the same file
    /// system as the directory for files of the form.
    ///
    /// - Throws: `SystemError` when that cannot be written.
    public func move(to path: String) async throws {
        switch content {
        case .memory(let bytes):
            try await File.write(bytes, to: path)
        case .file(let current):
            do {
                try await FileSystem.rename(current, to: path)
            } catch let error as SystemError where error.code == EXDEV {
                try await copy(current, to: path)
            }
        }
        content = .file(path: path)
    }

    private func copy(_ source: String, to path: String) async throws {
        try await withFile(source) { from in
            try await withFile(path, for: .writing) { to in
                while true {
                    let piece = try await from.read(upTo: 1 << 20)
                    guard !piece.isEmpty else { return }
                    try await to.write(piece)
                }
            }
        }
    }
}

extension Request {
    /// Reads a form that was sent as `multipart/form-data` (RFC 7578) and calls `body` with it. Files that are larger than
    /// `memory` go to disk while they arrive, and are removed when `body` is done, however it ends.
    ///
    /// ```swift
    /// try await request.withMultipartForm(in: uploads) { form in
    ///     guard let file = form.file("photo") else { throw HTTPError(.badRequest, "where is the photo?") }
    ///     try await file.move(to: "\(uploads)/\(id).jpg")
    ///     return "thank you, \(form.fields["name"] ?? "you")"
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - memory: bytes that a part may have in memory: a field with more is refused with 413, a file goes to disk.
    ///   - directory: where files go; `nil` is `TMPDIR`, or else `/tmp`. Best on the file system on which they are to
    ///     stay.
    ///   - limits: of parts and their heads.
    ///   - body: what to do with the form.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws; errors that are answered with 415, 400 and 413; `SystemError` when the disk is full.
    public func withMultipartForm<Value: Sendable>(
        memory: Int = 64 * 1024, in directory: String? = nil, limits: MultipartLimits = MultipartLimits(),
        _ body: @MainActor (MultipartForm) async throws -> Value
    ) async throws -> Value {
        let reader = try multipart(limits: limits)
        let directory = UploadDirectory(in: directory)
        let value: Value
        do {
            let form = try await read(reader, memory: memory, in: directory)
            value = try await body(form)
        } catch {
            // The first error is the one to tell.
            try? await directory.remove()
            throw error
        }
        try await directory.remove()
        return value
    }

    private func read(
        _ reader: MultipartReader, memory: Int, in directory: UploadDirectory
    ) async throws -> MultipartForm {
        var form = MultipartForm()
        while let head = try await reader.next() {
            if head.filename == nil {
                let text = String(decoding: try await reader.collect(upTo: memory), as: UTF8.self)
                form.fields.append(name: head.name, value: text)
            } else {
                form.files.append(
                    try await readFile(head, reader, memory: memory, number: form.files.count, in: directory))
            }
        }
        return form
    }

    private func readFile(
        _ head: MultipartPartHead, _ reader: MultipartReader, memory: Int, number: Int, in directory: UploadDirectory
    ) async throws -> UploadedFile {
        var held: [UInt8] = []
        while let piece = try await reader.nextPiece() {
            held += piece
            guard held.count > memory else { continue }
            let beginning = held
            let path = "\(try await directory.path())/\(number)"
            let count = try await withFile(path, for: .creating) { file in
                try await file.write(beginning)
                var count = beginning.count
                while let piece = try await reader.nextPiece() {
                    try await file.write(piece)
                    count += piece.count
                }
                return count
            }
            return UploadedFile(head: head, count: count, content: .file(path: path))
        }
        return UploadedFile(head: head, count: held.count, content: .memory(held))
    }
}

/// Where a form's files go, which only this user can enter. It is there only if a file needs it.
private final class UploadDirectory {
    private let parent: String?
    private var made: String?

    init(in parent: String?) {
        self.parent = parent
    }

    deinit {}

    func path() async throws -> String {
        if let made { return made }
        let parent = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let path = "\(parent)/martlet-upload-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        try await FileSystem.createDirectory(path, permissions: 0o700)
        made = path
        return path
    }

    /// Removes what is left in it, also when the request was given up.
    func remove() async throws {
        guard let made else { return }
        try await uncancelled { try await FileSystem.removeTree(made) }
    }
}

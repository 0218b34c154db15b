/// Reads a file from an offset to the end in chunks, the next one while the one before is in use.
final class ReadAhead {
    private let file: File
    private let size: Int
    private var offset: Int
    private var isAtEnd = false
    private var ahead: Task<[UInt8], any Error>?

    init(file: File, size: Int, offset: Int) {
        self.file = file
        self.size = size
        self.offset = offset
    }

    deinit {
        ahead?.cancel()
    }

    var path: String { file.path }

    /// The next chunk; `nil` at the end.
    func next() async throws -> [UInt8]? {
        guard !isAtEnd else { return nil }
        let bytes = try await nextBytes()
        guard !bytes.isEmpty else {
            isAtEnd = true
            return nil
        }
        offset += bytes.count
        // Begun at once, so that what is in memory is there without a switch of tasks.
        ahead = Task.immediate { [file, offset, size] in try await file.read(at: offset, upTo: size) }
        return bytes
    }

    private func nextBytes() async throws -> [UInt8] {
        guard let reading = ahead else { return try await file.read(at: offset, upTo: size) }
        ahead = nil
        return try await withTaskCancellationHandler {
            try await reading.value
        } onCancel: {
            reading.cancel()
        }
    }
}

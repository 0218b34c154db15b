import Glibc

/// Cuts chunks into lines.
final class LineSplitter {
    private static let chunkSize = 65536

    private let source: ReadAhead
    private let limit: Int
    private var chunk: [UInt8] = []
    private var start = 0
    /// The beginning of a line whose end is in a chunk to come.
    private var beginning: [UInt8] = []
    private var lineNumber = 1

    init(file: File, limit: Int, offset: Int) {
        source = ReadAhead(file: file, size: Self.chunkSize, offset: offset)
        self.limit = limit
    }

    func next() async throws -> String? {
        while true {
            if let line = try nextInChunk() { return line }
            guard let more = try await source.next() else { return lastLine() }
            chunk = more
            start = 0
        }
    }

    private func nextInChunk() throws -> String? {
        guard start < chunk.count else { return nil }
        guard let end = endOfLine() else {
            beginning += chunk[start...]
            start = chunk.count
            try check(beginning.count)
            return nil
        }
        let line = chunk[start..<end]
        start = end + 1
        try check(beginning.count + line.count)
        lineNumber += 1
        guard !beginning.isEmpty else { return text(line) }
        defer { beginning = [] }
        return text((beginning + line)[...])
    }

    private func endOfLine() -> Int? {
        chunk.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// A file need not end with a line's end.
    private func lastLine() -> String? {
        guard !beginning.isEmpty else { return nil }
        defer { beginning = [] }
        return text(beginning[...])
    }

    private func text(_ line: ArraySlice<UInt8>) -> String {
        String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
    }

    private func check(_ count: Int) throws {
        // One more may be the carriage return of the line's end.
        guard count - 1 > limit else { return }
        throw SystemError(
            "read a line of", target: source.path, code: EMSGSIZE,
            advice: "line \(lineNumber) has more than the limit of \(limit) bytes; raise the limit, or read chunks")
    }
}

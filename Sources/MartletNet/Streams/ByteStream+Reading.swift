import Glibc
import MartletLoop

/// Reading with suspension. All of it is for one task at a time.
extension ByteStream {
    /// What all streams receive into. With its header an array of as many bytes stays below the size (128 KiB) from
    /// which malloc asks the kernel for memory each time.
    private static let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: (128 << 10) - 64, alignment: 64)
    /// Received at least, if it is there, when less is asked for: what comes next is then here already.
    private static let leastReceived = 16 << 10

    /// Reads what has arrived, waiting until there is something: one receive's worth.
    ///
    /// - Parameter limit: how many bytes at most; what has arrived beyond is for the next read. However high it is, one
    ///   read returns 128 KiB at most, in an array that is as large as what it holds.
    /// - Returns: the bytes; none at the end of the stream, and then always.
    /// - Throws: `SystemError` when the connection has failed, `StreamError` when the stream is closed, not for reading
    ///   or read by another task, `CancellationError`.
    public func read(upTo limit: Int = .max) async throws -> [UInt8] {
        require(limit > 0, "a read of \(limit) bytes could not tell the end of the stream from nothing")
        try beginReading()
        defer { isReading = false }
        if !received.isEmpty { return received.take(limit) }
        if othersAreDue { try await letOthersRun() }
        while true {
            if let bytes = try receiveNow(atMost: limit) { return takeFirst(limit, of: bytes) }
            try await waitUntilReadable()
        }
    }

    /// Reads exactly `count` bytes.
    ///
    /// - Throws: `StreamError` with what has arrived when the stream ends before; and as `read(upTo:)`. When it is
    ///   cancelled or the connection fails, what has arrived stays for the next read.
    public func read(exactly count: Int) async throws -> [UInt8] {
        require(count >= 0, "a read of \(count) bytes")
        try beginReading()
        defer { isReading = false }
        if received.count < count {
            while received.count < count {
                if received.isEmpty || received.count + Self.buffer.count < count { received.reserve(count) }
                guard try await receiveMore(atMost: count - received.count) else {
                    throw StreamError(.endedEarly, peer: peerName, received: received.takeAll(), limit: count)
                }
            }
        }
        return received.take(count)
    }

    /// Reads to the first `delimiter`.
    ///
    /// - Parameters:
    ///   - delimiter: the bytes to look for; one at least.
    ///   - limit: how many bytes there may be before it.
    /// - Returns: the bytes up to and with the delimiter.
    /// - Throws: `StreamError` when the stream ends before, with what has arrived, and when there are more than `limit`
    ///   bytes, which stay for the next read; and as `read(upTo:)`.
    public func read(until delimiter: [UInt8], limit: Int = 64 << 10) async throws -> [UInt8] {
        let found = try await readIfEnded(delimiter, limit: limit)
        guard found.isEnded else { throw StreamError(.endedEarly, peer: peerName, received: found.bytes) }
        return found.bytes
    }

    /// Reads a line, which ends with a line feed, or a carriage return and a line feed, or with the stream.
    ///
    /// - Parameter limit: how many bytes it may have without its end.
    /// - Returns: the line without its end, invalid UTF-8 repaired; `nil` at the end of the stream.
    /// - Throws: `StreamError` when the line is longer than `limit`; and as `read(upTo:)`.
    public func readLine(limit: Int = 64 << 10) async throws -> String? {
        let found = try await readIfEnded([UInt8(ascii: "\n")], limit: limit)
        var line = found.bytes[...]
        if found.isEnded {
            line.removeLast()
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
        } else if line.isEmpty {
            return nil
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Reads everything up to the end of the stream.
    ///
    /// - Parameter limit: how many bytes that may be.
    /// - Throws: `StreamError` when there are more, which stay for the next read; and as `read(upTo:)`.
    public func readToEnd(limit: Int) async throws -> [UInt8] {
        try beginReading()
        defer { isReading = false }
        while try await receiveMore(atMost: Self.buffer.count) {
            guard received.count <= limit else { throw StreamError(.limitExceeded, peer: peerName, limit: limit) }
        }
        guard received.count <= limit else { throw StreamError(.limitExceeded, peer: peerName, limit: limit) }
        return received.takeAll()
    }

    /// Calls `body` with what has arrived, where it lies: nothing is copied or allocated. The bytes count as read.
    ///
    /// ```swift
    /// while let count = try await stream.withChunk({ bytes in checksum.update(bytes) ; return bytes.count }) { … }
    /// ```
    ///
    /// - Parameter body: gets one receive's worth of bytes; they are gone when it returns.
    /// - Returns: what `body` returns; `nil` at the end of the stream.
    /// - Throws: what `body` throws; and as `read(upTo:)`.
    public func withChunk<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) async throws -> Result? {
        try beginReading()
        defer { isReading = false }
        if !received.isEmpty { return try received.take(.max, body) }
        if othersAreDue { try await letOthersRun() }
        while true {
            if let bytes = try receiveNow(atMost: .max) { return try bytes.isEmpty ? nil : body(bytes) }
            try await waitUntilReadable()
        }
    }

    /// Whether everything has been read: the peer sends nothing more. `false` until a read has met the end.
    public var isAtEnd: Bool { hasReceivedEnd && received.isEmpty }

    /// Puts bytes that somebody has received with `receive(into:)` back for the reads of the high level.
    package func unread(_ bytes: UnsafeRawBufferPointer) {
        require(received.isEmpty, "bytes are put back behind others; put them back before anything is read")
        if !bytes.isEmpty { received.append(bytes) }
    }

    /// Takes what has been received and not read.
    package func takeReceived() -> [UInt8] { received.takeAll() }

    // MARK: Receiving

    /// The bytes up to and with the delimiter, or up to the end of the stream without one.
    private func readIfEnded(_ delimiter: [UInt8], limit: Int) async throws -> (bytes: [UInt8], isEnded: Bool) {
        require(!delimiter.isEmpty, "an empty delimiter is everywhere; give it one byte at least")
        try beginReading()
        defer { isReading = false }
        var searched = 0
        while true {
            if let offset = received.offset(of: delimiter, from: searched), offset <= limit {
                return (received.take(offset + delimiter.count), true)
            }
            // The delimiter may have begun with the last bytes.
            searched = max(0, received.count - delimiter.count + 1)
            guard searched <= limit else { throw StreamError(.limitExceeded, peer: peerName, limit: limit) }
            guard try await receiveMore(atMost: Self.buffer.count) else { return (received.takeAll(), false) }
        }
    }

    private func beginReading() throws {
        guard !isReading else { throw failure(.readerBusy) }
        guard descriptor >= 0 else { throw failure(.closed) }
        isReading = true
    }

    /// Adds what arrives next to `received`; `false` at the end of the stream.
    private func receiveMore(atMost limit: Int) async throws -> Bool {
        if othersAreDue { try await letOthersRun() }
        while true {
            if let bytes = try receiveNow(atMost: limit) {
                received.append(bytes)
                return !bytes.isEmpty
            }
            try await waitUntilReadable()
        }
    }

    /// Receives into the loop's buffer: none at the end of the stream, `nil` when there is nothing now.
    ///
    /// The bytes are to be copied before anything else runs: others receive into the same buffer.
    private func receiveNow(atMost limit: Int) throws -> UnsafeRawBufferPointer? {
        let room = UnsafeMutableRawBufferPointer(
            rebasing: Self.buffer[..<min(Self.buffer.count, max(limit, Self.leastReceived))])
        switch receive(into: room) {
        case .moved(let count):
            if count == 0 { hasReceivedEnd = true }
            return UnsafeRawBufferPointer(rebasing: room[..<count])
        case .wouldBlock: return nil
        case .failed(let code): throw failure(reading: code)
        }
    }

    /// The first `limit` bytes; what is beyond is for the next read.
    private func takeFirst(_ limit: Int, of bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard bytes.count > limit else { return [UInt8](bytes) }
        received.append(UnsafeRawBufferPointer(rebasing: bytes[limit...]))
        return [UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<limit]))
    }

    // MARK: Errors

    /// The other end, for error messages.
    package var peerName: String? { (knownPeer ?? peerAddress)?.description }

    func failure(_ code: StreamError.Code) -> StreamError {
        StreamError(code, peer: peerName)
    }

    private func failure(reading code: Int32) -> any Error {
        if descriptor < 0 { return failure(.closed) }
        if let failure = layer?.failure { return failure }
        if !directions.contains(.reading) { return failure(.notReadable) }
        return SystemError("receive from", target: peerName ?? "descriptor \(descriptor)", code: code)
    }
}

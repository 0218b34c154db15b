import CMartlet

/// Bytes that have been received and not been read yet. Holds no memory while there are none.
struct ReceivedBytes {
    private var storage: [UInt8] = []
    private var start = 0

    var count: Int { storage.count - start }
    var isEmpty: Bool { storage.isEmpty }

    /// Makes room for so many bytes in all, as far as that is reasonable before they have come.
    mutating func reserve(_ count: Int) {
        compact()
        storage.reserveCapacity(min(count, 1 << 20))
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        // Moves what is left to the front only when that is less than what has been read, so that each byte is moved
        // once on average.
        if start > count { compact() }
        storage.append(contentsOf: bytes)
    }

    /// Takes the first `limit` bytes out, or all there are.
    mutating func take(_ limit: Int) -> [UInt8] {
        guard limit < count else { return takeAll() }
        let end = start + limit
        defer { start = end }
        return Array(storage[start..<end])
    }

    /// Takes out everything.
    mutating func takeAll() -> [UInt8] {
        compact()
        let taken = storage
        storage = []
        return taken
    }

    /// Calls `body` with the first `limit` bytes and takes them out.
    mutating func take<Result>(_ limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let end = start + min(limit, count)
        defer { drop(to: end) }
        return try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    }

    /// Where `delimiter` begins, as an offset from the first byte, looking from `offset` on.
    func offset(of delimiter: [UInt8], from offset: Int) -> Int? {
        storage.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[min(start + offset, bytes.count)...])
            guard let base = rest.baseAddress,
                let found = delimiter.withUnsafeBytes({ martlet_find(base, rest.count, $0.baseAddress, $0.count) })
            else { return nil }
            return UnsafeRawPointer(found) - base + offset
        }
    }

    private mutating func drop(to end: Int) {
        if end == storage.count {
            storage = []
            start = 0
        } else {
            start = end
        }
    }

    private mutating func compact() {
        guard start > 0 else { return }
        storage.removeFirst(start)
        start = 0
    }
}

import Glibc

/// Bytes on their way out: appended behind, consumed in front.
///
/// Owns its memory, which grows by doubling and is freed with the value. Space in front that was consumed is used
/// again before the buffer grows. Every append has one branch beside the copy, and allocates only to grow.
public struct ByteBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer?
    /// Allocated bytes. Invariant: 0 ≤ first ≤ last ≤ capacity, and `base` has `capacity` bytes when that is not 0.
    @usableFromInline var allocated: Int
    @usableFromInline var first: Int
    @usableFromInline var last: Int

    /// An empty buffer; nothing is allocated while `capacity` is 0.
    public init(capacity: Int = 0) {
        base = nil
        allocated = 0
        first = 0
        last = 0
        if capacity > 0 { grow(by: capacity) }
    }

    deinit { free(base) }

    /// The number of bytes to be read.
    @inlinable public var count: Int { last &- first }

    /// Whether there is nothing to be read.
    @inlinable public var isEmpty: Bool { first == last }

    /// The number of bytes allocated.
    @inlinable public var capacity: Int { allocated }

    /// Makes room for `count` more bytes, so that appending them does not allocate.
    @inlinable
    public mutating func reserve(_ count: Int) {
        if allocated &- last < count { grow(by: count) }
    }

    /// Moves what is left to the front if that makes enough room, else to twice the memory or more.
    @usableFromInline
    mutating func grow(by count: Int) {
        let kept = last - first
        let (needed, overflowed) = kept.addingReportingOverflow(count)
        precondition(!overflowed && count >= 0, "byte buffer larger than memory")
        // At least half must have been consumed, or moving would cost more than it gains.
        if needed <= allocated, first >= kept, let base {
            memcpy(base, base + first, kept)
        } else {
            let larger = max(needed, allocated &* 2, 256)
            guard let fresh = malloc(larger) else {
                fatalError("out of memory: cannot allocate \(larger) bytes for output")
            }
            if let base {
                memcpy(fresh, base + first, kept)
                free(base)
            }
            base = fresh
            allocated = larger
        }
        first = 0
        last = kept
    }

    /// Marks the first `count` bytes as read.
    @inlinable
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= last &- first, "more bytes consumed than there are")
        first &+= count
        if first == last {
            first = 0
            last = 0
        }
    }

    /// Drops all bytes. Memory beyond `limit` bytes is given back, so that one large response does not stay
    /// with the connection.
    @inlinable
    public mutating func removeAll(keepingCapacityUpTo limit: Int = .max) {
        first = 0
        last = 0
        if allocated > limit { release() }
    }

    /// Gives the memory back; the buffer must be empty.
    @usableFromInline
    mutating func release() {
        free(base)
        base = nil
        allocated = 0
    }

    /// Calls `body` with the bytes to be read; the pointer is valid until it returns.
    @inlinable
    public func withReadableBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(readableBytes)
    }

    /// The bytes to be read. Valid until the buffer is next changed: for handing to `send`, not for keeping.
    @inlinable
    public var readableBytes: UnsafeRawBufferPointer {
        guard let base else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + first, count: last &- first)
    }

    /// Calls `body` with at least `count` bytes of free memory behind what is there; it returns how many it has
    /// filled in. For reading a file or a socket straight into the buffer.
    @inlinable
    public mutating func append<Failure: Error>(
        atLeast count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        reserve(max(count, 1))
        guard let base else { return }
        let filled = try body(UnsafeMutableRawBufferPointer(start: base + last, count: allocated &- last))
        precondition(filled >= 0 && filled <= allocated &- last, "more bytes filled in than there is room for")
        last &+= filled
    }
}

extension ByteBuffer {
    /// Appends one byte.
    @inlinable
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        base.unsafelyUnwrapped.storeBytes(of: byte, toByteOffset: last, as: UInt8.self)
        last &+= 1
    }

    /// Appends a literal; its length is known to the compiler, so this is a few stores.
    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        reserve(length)
        // `reserve` has made room for `length` bytes, so `base` is there unless that is 0.
        if let base { memcpy(base + last, text.utf8Start, length) }
        last &+= length
    }

    /// Appends a copy of `bytes`.
    @inlinable
    public mutating func append(contentsOf bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        memcpy(base.unsafelyUnwrapped + last, source, bytes.count)
        last &+= bytes.count
    }

    /// Appends a copy of `bytes`.
    @inlinable
    public mutating func append(contentsOf bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { append(contentsOf: $0) }
    }

    /// Appends a copy of `bytes`.
    @inlinable
    public mutating func append(contentsOf bytes: [UInt8]) {
        bytes.withUnsafeBytes { append(contentsOf: $0) }
    }

    /// Appends a copy of the bytes to be read in `other`.
    @inlinable
    public mutating func append(contentsOf other: borrowing ByteBuffer) {
        append(contentsOf: other.readableBytes)
    }

    /// Appends the UTF-8 of `text` without an allocation: native strings are copied from where they are.
    @inlinable
    public mutating func append(utf8 text: String) {
        append(contentsOf: text.utf8.span)
    }

    /// Appends the UTF-8 of a part of a string.
    @inlinable
    public mutating func append(utf8 text: Substring) {
        append(contentsOf: text.utf8.span)
    }

    @inlinable
    mutating func append(contentsOf units: some Sequence<UInt8>) {
        let done: Void? = units.withContiguousStorageIfAvailable { append(contentsOf: UnsafeRawBufferPointer($0)) }
        if done == nil {
            for unit in units { append(unit) }
        }
    }
}

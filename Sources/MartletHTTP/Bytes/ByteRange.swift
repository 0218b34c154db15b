/// A piece of a message that still lies in the buffer it was received in: offsets, not a copy.
///
/// Offsets count from the first byte of the span that was parsed. 32 bits are enough because every head is
/// bounded by ``HTTP1Limits``, and they halve what an idle connection has to keep.
public struct ByteRange: Hashable, Sendable {
    /// Offset of the first byte.
    public var start: UInt32
    /// Offset one past the last byte; never less than ``start``.
    public var end: UInt32

    /// The empty range at offset 0.
    @inlinable
    public init() {
        start = 0
        end = 0
    }

    /// A range from offsets that both fit 32 bits, which every offset into a bounded head does.
    @inlinable
    public init(_ start: Int, _ end: Int) {
        assert(start <= end)
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    /// The number of bytes.
    @inlinable public var count: Int { Int(end) - Int(start) }

    /// Whether no byte is meant.
    @inlinable public var isEmpty: Bool { start == end }

    /// The same offsets for `Span.extracting(_:)` and for collections.
    @inlinable public var range: Range<Int> { Int(start)..<Int(end) }
}

extension String {
    /// The bytes of `range`, as text; bytes that are not UTF-8 become U+FFFD.
    ///
    /// Copies: ask for it when a `String` is needed, not before.
    public init(_ range: ByteRange, in bytes: Span<UInt8>) {
        self = bytes.extracting(range.range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

import Glibc

/// Bytes that a connection has received and not used yet. Lent by the server's pool while there are any.
final class InputBuffer {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private var start = 0
    private var end = 0

    init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    var count: Int { end - start }
    var isEmpty: Bool { start == end }
    /// Whether nothing more fits, even when what is used up makes room.
    var isFull: Bool { count == capacity }

    /// What is there. Valid until the next call of a method that changes it.
    var unread: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: (base + start).assumingMemoryBound(to: UInt8.self), count: end - start)
    }

    /// Room behind what is there. What has been used up is moved over when the room runs low.
    func room() -> UnsafeMutableRawBufferPointer {
        if start == end {
            start = 0
            end = 0
        } else if capacity - end < capacity / 4 {
            memmove(base, base + start, end - start)
            end -= start
            start = 0
        }
        return UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
    }

    /// `count` bytes were received into the room.
    func received(_ count: Int) {
        end += count
    }

    /// The first `count` bytes are used up.
    func consume(_ count: Int) {
        start += count
    }

    /// Puts `bytes`, which fit, in place of whatever was there.
    func replace(with bytes: [UInt8]) {
        precondition(bytes.count < capacity, "more bytes than a head may have")
        start = 0
        end = bytes.count
        bytes.withUnsafeBytes { base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    }

    func removeAll() {
        start = 0
        end = 0
    }

    isolated deinit {
        base.deallocate()
    }
}

import Glibc

/// The bytes that have been written, in memory that grows by doubling.
struct JSONBytes: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private(set) var capacity: Int
    private(set) var count = 0

    /// Nothing written yet, with room for `capacity` bytes, more than 0.
    init(capacity: Int) {
        base = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit { base.deallocate() }

    /// The bytes, until more are appended.
    var readable: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    /// Makes room for `count` more bytes, so that `base + self.count` has that many.
    @inline(__always)
    mutating func reserve(_ count: Int) {
        if capacity &- self.count < count { grow(by: count) }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.initialize(from: base, count: count)
        base.deallocate()
        base = larger
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count &+= 1
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        memcpy(base + count, source, bytes.count)
        count &+= bytes.count
    }

    /// Appends `value` in decimal digits.
    @inline(__always)
    mutating func append(decimal value: UInt64) {
        var digits = 1
        var rest = value / 10
        while rest != 0 {
            digits &+= 1
            rest /= 10
        }
        reserve(digits)
        rest = value
        for at in stride(from: count &+ digits &- 1, through: count, by: -1) {
            base[at] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
        }
        count &+= digits
    }

    /// Forgets what was written, and keeps the memory.
    mutating func removeAll() { count = 0 }

    /// Takes what lies from `start` on away.
    mutating func removeTail(from start: Int) -> [UInt8] {
        let tail = Array(UnsafeBufferPointer(start: base + start, count: count - start))
        count = start
        return tail
    }
}

import Glibc

/// Bytes that a connection has received and not used yet. Lent by the server's pool while there are any.
///
/// A handle: copying it copies no bytes and counts no reference, which a request would pay for several times. Whoever
/// has taken it from the pool gives it back, once.
package struct InputBuffer {
    private struct State {
        let base: UnsafeMutableRawPointer
        let capacity: Int
        var start = 0
        var end = 0
    }

    private let state: UnsafeMutablePointer<State>

    package init(capacity: Int) {
        state = .allocate(capacity: 1)
        state.initialize(to: State(base: .allocate(byteCount: capacity, alignment: 16), capacity: capacity))
    }

    /// Frees the memory; no copy of the handle may be used any more.
    package func deallocate() {
        state.pointee.base.deallocate()
        state.deallocate()
    }

    package var count: Int { state.pointee.end - state.pointee.start }
    package var isEmpty: Bool { state.pointee.start == state.pointee.end }

    /// What is there. Valid until the next call of a method that changes it.
    package var unread: UnsafeBufferPointer<UInt8> {
        let start = (state.pointee.base + state.pointee.start).assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: start, count: count)
    }

    /// Room behind what is there. What has been used up is moved over when the room runs low.
    package func room() -> UnsafeMutableRawBufferPointer {
        let (base, capacity, count) = (state.pointee.base, state.pointee.capacity, count)
        if count == 0 {
            removeAll()
        } else if capacity - state.pointee.end < capacity / 4 {
            memmove(base, base + state.pointee.start, count)
            state.pointee.start = 0
            state.pointee.end = count
        }
        return UnsafeMutableRawBufferPointer(start: base + state.pointee.end, count: capacity - state.pointee.end)
    }

    /// `count` bytes were received into the room.
    package func received(_ count: Int) {
        state.pointee.end += count
    }

    /// The first `count` bytes are used up.
    package func consume(_ count: Int) {
        state.pointee.start += count
    }

    /// Puts `bytes`, which fit, in place of whatever was there.
    func replace(with bytes: [UInt8]) {
        precondition(bytes.count < state.pointee.capacity, "more bytes than a head may have")
        state.pointee.start = 0
        state.pointee.end = bytes.count
        bytes.withUnsafeBytes { source in
            guard let address = source.baseAddress else { return }
            state.pointee.base.copyMemory(from: address, byteCount: source.count)
        }
    }

    package func removeAll() {
        state.pointee.start = 0
        state.pointee.end = 0
    }
}

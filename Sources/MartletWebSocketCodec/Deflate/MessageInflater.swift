import CZlib

/// Undoes permessage-deflate, one message after the other: RFC 7692 §7.2.2.
///
/// What the payloads of a message's frames hold goes through ``inflate(_:into:limit:)`` in any pieces, then comes
/// ``endMessage(into:limit:)``. A message may refer to what was in those before it, unless ``reset()`` is called between
/// them; it must be where the sender goes without context takeover.
///
/// Holds 7 KiB and, once it has been used, 2 to the power of ``windowBits`` bytes more; free when it goes. Belongs to one
/// task or thread at a time.
public final class MessageInflater {
    /// How far back a message may refer, as the base-2 logarithm of bytes. What refers further back is refused when those
    /// bytes are no longer there, which for windows of less than 15 bits depends on the pieces.
    public let windowBits: Int
    /// zlib keeps a pointer to where its state began, so that may not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether bytes have gone in behind which the tail is missing.
    private var isOpen = false
    /// What went wrong, until the reset.
    private var failure: InflateError?

    /// What the sender has cut off each message: the length of an empty block without compression.
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
    /// By how much the output grows at a time.
    private static let leastRoom = 128
    private static let step = 16 * 1024
    /// zlib counts in 32 bits.
    private static let largestPart = 1 << 30
    /// What zlib says of a stream that has ended a block at the end of a byte.
    private static let afterBlock: Int32 = 128

    /// An inflater for what is compressed with a window of so many bits.
    ///
    /// - Parameter windowBits: 8 to 15, at least what was agreed on for the sender.
    public init(windowBits: Int = 15) {
        precondition((8...15).contains(windowBits), "a window has 8 to 15 bits")
        self.windowBits = windowBits
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Never 8: there are senders whose zlib makes 9 of it and does not tell them.
        let status = inflateInit2_(
            stream, -Int32(max(windowBits, 9)), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            fatalError("zlib cannot decompress: out of memory, or of another version (\(status))")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Begins anew, with no memory of what was before, be it an error. Costs next to nothing.
    public func reset() {
        inflateReset(stream)
        isOpen = false
        failure = nil
    }

    /// Appends to `output` what `input`, the next piece of a message, inflates to.
    ///
    /// After an error `output` holds what came before it, and only ``reset()`` helps.
    ///
    /// - Parameters:
    ///   - input: any part of the message, perhaps empty.
    ///   - output: what the message has inflated to so far. It grows as it fills up, never by much more than is needed.
    ///   - limit: bytes that `output` may hold.
    /// - Throws: ``InflateError/tooLarge`` before `output` would exceed `limit`, ``InflateError/invalid`` when this is not
    ///   DEFLATE.
    public func inflate(
        _ input: UnsafeRawBufferPointer, into output: inout [UInt8], limit: Int
    ) throws(InflateError) {
        if let failure { throw failure }
        var rest = input
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.largestPart))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
            try take(part, into: &output, limit: limit)
        }
    }

    /// Ends the message: puts back the tail that the sender has cut off, and checks that the message is whole.
    ///
    /// A message of no bytes at all is taken for an empty one, and a message may end with a block that is marked as the
    /// last one (`BFINAL`) without the byte that should follow it.
    ///
    /// - Parameters:
    ///   - output: what the message has inflated to so far; after an error there may be more.
    ///   - limit: bytes that `output` may hold.
    /// - Throws: ``InflateError/invalid`` when the message is cut off in the middle of a block, or
    ///   ``InflateError/tooLarge`` when that would make `output` exceed `limit`.
    public func endMessage(into output: inout [UInt8], limit: Int) throws(InflateError) {
        if let failure { throw failure }
        guard isOpen else { return }
        let count = output.count
        try Self.tail.span.withUnsafeBytes { bytes throws(InflateError) in
            try take(bytes, into: &output, limit: limit)
        }
        // A tail that is taken for text, or for part of something, was not where a tail belongs.
        guard output.count == count, !isOpen || stream.pointee.data_type == Self.afterBlock else {
            throw fail(.invalid)
        }
        isOpen = false
    }

    /// Calls zlib until it has taken all of `part` and leaves room in what it is given: then it has no more to say.
    private func take(
        _ part: UnsafeRawBufferPointer, into output: inout [UInt8], limit: Int
    ) throws(InflateError) {
        // zlib reads what `next_in` points to, and does not write to it.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: part.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(part.count)
        isOpen = true
        repeat {
            let isValid: Bool
            if output.count < limit {
                isValid = grow(&output, limit: limit)
            } else {
                // Whether there is more to come shows only when there is room for it.
                var excess: UInt8 = 0
                isValid = withUnsafeMutablePointer(to: &excess) { run(UnsafeMutableBufferPointer(start: $0, count: 1)) }
                if stream.pointee.avail_out == 0 { throw fail(.tooLarge) }
            }
            if !isValid { throw fail(.invalid) }
        } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
        stream.pointee.next_in = nil
    }

    /// Appends what comes out, up to a step; the room that it makes doubles, but ends at the limit.
    private func grow(_ output: inout [UInt8], limit: Int) -> Bool {
        let expected = max(output.capacity - output.count, 2 * Int(stream.pointee.avail_in), Self.leastRoom)
        let room = min(limit - output.count, expected, Self.step)
        if output.capacity - output.count < room {
            output.reserveCapacity(min(limit, max(output.count + room, output.capacity * 2)))
        }
        var isValid = true
        output.append(addingCapacity: room) { (piece: inout OutputSpan<UInt8>) in
            piece.withUnsafeMutableBufferPointer { buffer, count in
                let free = UnsafeMutableBufferPointer(rebasing: buffer[count..<min(count + room, buffer.count)])
                isValid = run(free)
                count += free.count - Int(stream.pointee.avail_out)
            }
        }
        return isValid
    }

    /// Fills `buffer` while there is input; false when that is not DEFLATE.
    private func run(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(buffer.count)
        while true {
            switch CZlib.inflate(stream, Z_SYNC_FLUSH) {
            case Z_OK: return true
            case Z_BUF_ERROR: return stream.pointee.avail_in == 0 || stream.pointee.avail_out == 0
            case Z_STREAM_END:
                // A block with BFINAL ends no message and no window: the next block follows at the next byte.
                inflateResetKeep(stream)
                isOpen = stream.pointee.avail_in > 0
                if !isOpen || stream.pointee.avail_out == 0 { return true }
            case Z_MEM_ERROR: fatalError("zlib is out of memory")
            default: return false
            }
        }
    }

    private func fail(_ error: InflateError) -> InflateError {
        stream.pointee.next_in = nil
        stream.pointee.avail_in = 0
        failure = error
        return error
    }
}

import CZlib

/// Compresses for permessage-deflate, one message after the other: RFC 7692 §7.2.1.
///
/// A message refers to what was in those before it, unless ``reset()`` is called between them; it must be where the
/// sender has to go without context takeover.
///
/// Holds 6 KiB and 2 to the power of ``windowBits`` + 2 and of ``memoryLevel`` + 9 bytes: 262 KiB with 15 and 8, 38 KiB
/// with 12 and 5, 9 KiB with 9 and 1; free when it goes. Belongs to one task or thread at a time.
public final class MessageDeflater {
    /// How far back a message refers at most, as the base-2 logarithm of bytes.
    public let windowBits: Int
    /// From 1, fast, to 9, small.
    public let level: Int
    /// From 1 to 9: how much memory goes into finding what repeats.
    public let memoryLevel: Int
    /// zlib keeps a pointer to where its state began, so that may not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether the message has had any bytes so far.
    private var hasInput = false

    /// What ends each message, and is not sent.
    private static let tailCount = 4
    /// zlib repeats its tail when it is left less room than it needs for it.
    private static let leastRoom = 64
    private static let step = 16 * 1024
    /// zlib counts in 32 bits.
    private static let largestPart = 1 << 30

    /// A deflater. It costs some microseconds to make.
    ///
    /// - Parameters:
    ///   - windowBits: 9 to 15, at most what was agreed on. zlib cannot keep to a window of 8 bits.
    ///   - level: 1, fast, to 9, small.
    ///   - memoryLevel: 1 to 9.
    public init(windowBits: Int, level: Int, memoryLevel: Int) {
        precondition((9...15).contains(windowBits), "zlib compresses with windows of 9 to 15 bits")
        precondition((1...9).contains(level) && (1...9).contains(memoryLevel), "zlib has levels from 1 to 9")
        self.windowBits = windowBits
        self.level = level
        self.memoryLevel = memoryLevel
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = deflateInit2_(
            stream, Int32(level), Z_DEFLATED, -Int32(windowBits), Int32(memoryLevel), Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            fatalError("zlib cannot compress: out of memory, or of another version (\(status))")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Begins anew, with no memory of what was before; a message that was not ended is forgotten.
    public func reset() {
        deflateReset(stream)
        hasInput = false
    }

    /// Appends to `output` the payload that a whole message becomes.
    ///
    /// - Parameters:
    ///   - message: the message, of any length.
    ///   - output: gets at least one byte.
    public func deflate(_ message: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        deflate(message, isLast: true, into: &output)
    }

    /// Appends to `output` what comes out for the next piece of a message: until the last one, perhaps nothing.
    ///
    /// What comes out may be cut into frames anywhere.
    ///
    /// - Parameters:
    ///   - piece: any part of the message, perhaps empty.
    ///   - isLast: whether this ends the message.
    ///   - output: what is to be sent.
    public func deflate(_ piece: UnsafeRawBufferPointer, isLast: Bool, into output: inout [UInt8]) {
        var rest = piece
        while rest.count > Self.largestPart {
            compress(UnsafeRawBufferPointer(rebasing: rest.prefix(Self.largestPart)), Z_NO_FLUSH, into: &output)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(Self.largestPart))
        }
        if !piece.isEmpty { hasInput = true }
        guard isLast else {
            if !rest.isEmpty { compress(rest, Z_NO_FLUSH, into: &output) }
            return
        }
        if hasInput {
            compress(rest, Z_SYNC_FLUSH, into: &output)
            output.removeLast(Self.tailCount)
            hasInput = false
        } else {
            // zlib flushes nothing twice. This is an empty block: RFC 7692 §7.2.3.6.
            output.append(0)
        }
    }

    /// Calls zlib until it leaves room in what it is given: then it has no more to say.
    private func compress(_ part: UnsafeRawBufferPointer, _ flush: Int32, into output: inout [UInt8]) {
        // zlib reads what `next_in` points to, and does not write to it.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: part.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(part.count)
        let room = min(Self.step, part.count / 2 + Self.leastRoom)
        repeat {
            if output.capacity - output.count < room {
                output.reserveCapacity(max(output.count + room, output.capacity * 2))
            }
            output.append(addingCapacity: room) { (piece: inout OutputSpan<UInt8>) in
                piece.withUnsafeMutableBufferPointer { buffer, count in
                    let free = UnsafeMutableBufferPointer(rebasing: buffer[count..<min(count + room, buffer.count)])
                    stream.pointee.next_out = free.baseAddress
                    stream.pointee.avail_out = UInt32(free.count)
                    _ = CZlib.deflate(stream, flush)
                    count += free.count - Int(stream.pointee.avail_out)
                }
            }
        } while stream.pointee.avail_out == 0
        stream.pointee.next_in = nil
    }
}

import CZlib

/// The codings `gzip` (RFC 1952) and `deflate` (RFC 1950), by zlib. Holds 256 KiB.
nonisolated final class DeflateEncoder: ContentEncoder {
    enum Format: Int32 {
        case zlib = 15
        /// zlib takes 16 more than the bits of its window for it.
        case gzip = 31
    }

    /// zlib keeps a pointer to where its state began, so that may not move.
    private let stream: UnsafeMutablePointer<z_stream>

    private static let piece = 16 * 1024

    init(format: Format, level: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = deflateInit2_(
            stream, Int32(min(max(level, 1), 9)), Z_DEFLATED, format.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            fatalError("zlib cannot compress: out of memory, or of another version (\(status))")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func reset() -> Bool {
        deflateReset(stream) == Z_OK
    }

    func encode(_ input: UnsafeRawBufferPointer, _ operation: ContentOperation, into output: inout [UInt8]) {
        let flush =
            switch operation {
            case .process: Z_NO_FLUSH
            case .flush: Z_SYNC_FLUSH
            case .finish: Z_FINISH
            }
        var rest = input
        repeat {
            // zlib counts in 32 bits.
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
            // zlib reads what `next_in` points to, and does not write to it.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: part.assumingMemoryBound(to: UInt8.self).baseAddress)
            stream.pointee.avail_in = UInt32(part.count)
            drain(rest.isEmpty ? flush : Z_NO_FLUSH, expecting: part.count, into: &output)
        } while !rest.isEmpty
        stream.pointee.next_in = nil
    }

    /// Calls zlib until it leaves room in what it is given: then it has no more to say.
    private func drain(_ flush: Int32, expecting count: Int, into output: inout [UInt8]) {
        let capacity = min(Self.piece, count / 2 + 64)
        repeat {
            let piece = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(capacity)
                _ = deflate(stream, flush)
                filled = capacity - Int(stream.pointee.avail_out)
            }
            if output.isEmpty { output = piece } else { output += piece }
        } while stream.pointee.avail_out == 0
    }
}

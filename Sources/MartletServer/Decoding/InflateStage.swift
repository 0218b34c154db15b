import CZlib

/// Undoes gzip (RFC 1952) and deflate, which is the zlib format (RFC 1950) or, as many send it, bare DEFLATE (RFC 1951).
nonisolated final class InflateStage: DecodingStage {
    enum Format {
        case gzip, deflate
    }

    private let format: Format
    /// zlib keeps a pointer to where its state began, so that may not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var offset = 0
    private var hasBegun = false
    private var hasEnded = false

    init(_ format: Format) {
        self.format = format
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if hasBegun { inflateEnd(stream) }
        stream.deallocate()
    }

    var unread: Int { input.count - offset }
    var isComplete: Bool { hasEnded || !hasBegun }

    func take(_ bytes: [UInt8]) {
        input = bytes
        offset = 0
    }

    func next(_ size: Int) throws(ContentDecodingError) -> [UInt8]? {
        while offset < input.count || hasBegun && !hasEnded {
            if !hasBegun { try begin() }
            if hasEnded { try beginNextMember() }
            guard !hasEnded || offset < input.count else { return nil }
            var status = Z_OK
            let before = offset
            let piece = [UInt8](unsafeUninitializedCapacity: size) { room, count in
                (status, count) = inflate(into: room)
            }
            switch status {
            case Z_STREAM_END: hasEnded = true
            case Z_OK, Z_BUF_ERROR: break
            case Z_NEED_DICT: throw ContentDecodingError(.malformed, "it needs a dictionary")
            default: throw ContentDecodingError(.malformed, "it is not what its coding says")
            }
            // A quarter of the room is worth a copy.
            if !piece.isEmpty { return piece.count < size / 4 ? piece.withUnsafeBytes { [UInt8]($0) } : piece }
            if offset == before, !hasEnded { return nil }
        }
        return nil
    }

    private func inflate(into room: UnsafeMutableBufferPointer<UInt8>) -> (Int32, Int) {
        input.withUnsafeMutableBufferPointer { bytes in
            stream.pointee.next_in = bytes.baseAddress.map { $0 + offset }
            stream.pointee.avail_in = UInt32(clamping: bytes.count - offset)
            stream.pointee.next_out = room.baseAddress
            stream.pointee.avail_out = UInt32(clamping: room.count)
            let offered = stream.pointee.avail_in
            let status = CZlib.inflate(stream, Z_NO_FLUSH)
            offset += Int(offered - stream.pointee.avail_in)
            return (status, room.count - Int(stream.pointee.avail_out))
        }
    }

    private func begin() throws(ContentDecodingError) {
        let bits: Int32 =
            switch format {
            case .gzip: 15 + 16
            // The first byte of the zlib format names DEFLATE; no bare block that a compressor writes begins so.
            case .deflate: input[offset] & 0x0F == 8 ? 15 : -15
            }
        guard inflateInit2_(stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ContentDecodingError(.malformed, "zlib is out of memory")
        }
        hasBegun = true
    }

    /// A gzip file may have several members, one behind the other, and zeros behind the last (RFC 1952 §2.2).
    private func beginNextMember() throws(ContentDecodingError) {
        guard offset < input.count else { return }
        if format == .gzip, input[offset] == 0x1F {
            inflateReset(stream)
            hasEnded = false
        } else if input[offset...].allSatisfy({ $0 == 0 }) {
            offset = input.count
        } else {
            throw ContentDecodingError(.malformed, "there is something behind its end")
        }
    }
}

import CBrotli

/// Undoes brotli, RFC 7932. Holds up to 16 MiB, as much as a sender's window may have.
nonisolated final class BrotliStage: DecodingStage {
    private let state: OpaquePointer
    private var input: [UInt8] = []
    private var offset = 0
    private var hasBegun = false
    private var hasEnded = false
    private var hasMore = false

    init() {
        guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else { fatalError("brotli is out of memory") }
        self.state = state
    }

    deinit {
        BrotliDecoderDestroyInstance(state)
    }

    var unread: Int { input.count - offset }
    var isComplete: Bool { hasEnded || !hasBegun }

    func take(_ bytes: [UInt8]) {
        input = bytes
        offset = 0
        hasBegun = true
    }

    func next(_ size: Int) throws(ContentDecodingError) -> [UInt8]? {
        guard !hasEnded else {
            guard offset == input.count else {
                throw ContentDecodingError(.malformed, "there is something behind its end")
            }
            return nil
        }
        while offset < input.count || hasMore {
            var result = BROTLI_DECODER_RESULT_ERROR
            let piece = [UInt8](unsafeUninitializedCapacity: size) { room, count in
                (result, count) = decompress(into: room)
            }
            switch result {
            case BROTLI_DECODER_RESULT_SUCCESS:
                hasEnded = true
                hasMore = false
            case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: hasMore = true
            case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: hasMore = false
            default: throw ContentDecodingError(.malformed, "it is not what its coding says")
            }
            if !piece.isEmpty { return piece.count < size / 4 ? piece.withUnsafeBytes { [UInt8]($0) } : piece }
            if hasEnded { return try next(size) }
        }
        return nil
    }

    private func decompress(into room: UnsafeMutableBufferPointer<UInt8>) -> (BrotliDecoderResult, Int) {
        input.withUnsafeBufferPointer { bytes in
            var left = bytes.count - offset
            var next = bytes.baseAddress.map { $0 + offset }
            var free = room.count
            var target = room.baseAddress
            let result = BrotliDecoderDecompressStream(state, &left, &next, &free, &target, nil)
            offset = bytes.count - left
            return (result, room.count - free)
        }
    }
}

import CBrotli

/// The coding `br` (RFC 7932). Looks back 256 KiB, and holds one to a few MiB.
nonisolated final class BrotliEncoder: ContentEncoder {
    private let state: OpaquePointer

    private static let windowBits: UInt32 = 18

    init(quality: Int) {
        guard let state = BrotliEncoderCreateInstance(nil, nil, nil) else { fatalError("brotli is out of memory") }
        self.state = state
        BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, UInt32(min(max(quality, 0), 11)))
        BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, Self.windowBits)
    }

    deinit {
        BrotliEncoderDestroyInstance(state)
    }

    func reset() -> Bool { false }

    func encode(_ input: UnsafeRawBufferPointer, _ operation: ContentOperation, into output: inout [UInt8]) {
        let operation =
            switch operation {
            case .process: BROTLI_OPERATION_PROCESS
            case .flush: BROTLI_OPERATION_FLUSH
            case .finish: BROTLI_OPERATION_FINISH
            }
        var left = input.count
        var next = input.assumingMemoryBound(to: UInt8.self).baseAddress
        repeat {
            var room = 0
            guard BrotliEncoderCompressStream(state, operation, &left, &next, &room, nil, nil) != 0 else {
                fatalError("brotli is out of memory")
            }
            var count = 0
            // Valid until the encoder is next called.
            if let bytes = BrotliEncoderTakeOutput(state, &count) {
                output.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
            }
        } while left > 0 || BrotliEncoderHasMoreOutput(state) != 0
    }
}

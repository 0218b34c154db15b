import MartletHTTP

/// Compresses one body after the other. Belongs to one task or thread at a time.
nonisolated protocol ContentEncoder: AnyObject {
    /// Appends to `output` what becomes of `input`.
    func encode(_ input: UnsafeRawBufferPointer, _ operation: ContentOperation, into output: inout [UInt8])
    /// Begins anew, with no memory of what was before.
    ///
    /// - Returns: `false` when this encoder is of use only once.
    func reset() -> Bool
}

/// What is to come out of an encoder.
nonisolated enum ContentOperation {
    /// Whatever it likes: it may wait for more.
    case process
    /// All that has gone in.
    case flush
    /// All that has gone in, and the end.
    case finish
}

nonisolated extension ContentEncoder {
    func encode(_ input: [UInt8], _ operation: ContentOperation) -> [UInt8] {
        var output: [UInt8] = []
        input.withUnsafeBytes { encode($0, operation, into: &output) }
        return output
    }
}

/// Makes encoders.
nonisolated enum ContentEncoders {
    /// - Parameter level: from 1, fast, to 9, small.
    static func make(_ coding: ContentCoding, level: Int) -> any ContentEncoder {
        switch coding {
        case .brotli: BrotliEncoder(quality: level)
        case .deflate: DeflateEncoder(format: .zlib, level: level)
        default: DeflateEncoder(format: .gzip, level: level)
        }
    }
}

/// Compresses a streamed body while it is sent; hangs in its writer.
final class StreamEncoding {
    /// Bytes that have gone in.
    private(set) var count: UInt64 = 0
    private let encoder: any ContentEncoder
    /// Whether every piece is to arrive by itself, as events are.
    private let flushesEachPiece: Bool

    init(_ encoder: any ContentEncoder, flushesEachPiece: Bool) {
        self.encoder = encoder
        self.flushesEachPiece = flushesEachPiece
    }

    deinit {}

    func encode(_ piece: [UInt8]) -> [UInt8] {
        count += UInt64(piece.count)
        return piece.isEmpty ? [] : encoder.encode(piece, flushesEachPiece ? .flush : .process)
    }

    func flush() -> [UInt8] { encoder.encode([], .flush) }

    func finish() -> [UInt8] { encoder.encode([], .finish) }
}

import Glibc
import MartletHTTP
import MartletLoop
import MartletNet

/// Answers on their way to the kernel. Lent by the server's pool while there are any.
///
/// Heads and small bodies are copied one behind the other; a large piece stays where it is, and its place among the
/// others is remembered. All of it leaves in one call.
final class OutputBuffer {
    /// Heads and small bodies.
    var bytes = ByteBuffer()
    /// Pieces that are sent from where they are, in order.
    private var pieces: [Piece] = []
    private var firstPiece = 0
    /// Bytes of `bytes` that lie before the end of the last piece.
    private var placed = 0
    /// What is left of all pieces.
    private var pieceBytes = 0

    private struct Piece {
        /// Bytes of `bytes` between the piece before this one and this one.
        var before: Int
        var body: [UInt8]
        var sent = 0
    }

    /// Larger bodies are sent from where they are: copying costs more than remembering.
    static let copyLimit = 4 * 1024
    /// With that much, sending goes before appending.
    static let highWater = 64 * 1024
    /// Pieces of one call; the kernel takes 1024 at most.
    private static let mostVectors = 64

    var count: Int { bytes.count + pieceBytes }
    var isEmpty: Bool { bytes.isEmpty && pieceBytes == 0 }

    /// Whether it is to be sent before anything is appended.
    var isLarge: Bool { count >= Self.highWater }

    /// Appends bytes, by reference if they are many.
    func append(_ body: [UInt8]) {
        guard body.count > Self.copyLimit else { return bytes.append(contentsOf: body) }
        pieces.append(Piece(before: bytes.count - placed, body: body))
        placed = bytes.count
        pieceBytes += body.count
    }

    /// Sends as much as the kernel takes.
    func send(on stream: ByteStream) -> Transfer {
        if pieces.isEmpty {
            let transfer = bytes.withReadableBytes { stream.send($0) }
            if case .moved(let count) = transfer { bytes.consume(count) }
            return transfer
        }
        let transfer = sendPieces(on: stream)
        if case .moved(let count) = transfer { consume(count) }
        return transfer
    }

    private func sendPieces(on stream: ByteStream) -> Transfer {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.mostVectors) { vectors in
            var count = 0
            var offset = 0
            let base = bytes.readableBytes
            func add(_ start: UnsafeRawPointer?, _ length: Int) {
                guard length > 0, count < vectors.count else { return }
                vectors[count] = iovec(iov_base: UnsafeMutableRawPointer(mutating: start), iov_len: length)
                count += 1
            }
            for index in firstPiece..<pieces.count {
                // Both of a piece or none, and room for what is behind the last.
                guard count + 3 <= vectors.count else { break }
                let piece = pieces[index]
                if piece.before > 0 { add(base.baseAddress.map { $0 + offset }, piece.before) }
                offset += piece.before
                // The array is kept by `pieces`, which nobody changes before the call returns.
                piece.body.withUnsafeBytes { add($0.baseAddress.map { $0 + piece.sent }, $0.count - piece.sent) }
                if index == pieces.count - 1 { add(base.baseAddress.map { $0 + offset }, base.count - offset) }
            }
            return stream.send(pieces: UnsafeMutableBufferPointer(rebasing: vectors[..<count]))
        }
    }

    private func consume(_ count: Int) {
        var left = count
        while firstPiece < pieces.count {
            let fromBytes = min(left, pieces[firstPiece].before)
            pieces[firstPiece].before -= fromBytes
            placed -= fromBytes
            bytes.consume(fromBytes)
            left -= fromBytes
            let fromPiece = min(left, pieces[firstPiece].body.count - pieces[firstPiece].sent)
            pieces[firstPiece].sent += fromPiece
            pieceBytes -= fromPiece
            left -= fromPiece
            guard pieces[firstPiece].before == 0, pieces[firstPiece].sent == pieces[firstPiece].body.count else {
                return
            }
            pieces[firstPiece].body = []
            firstPiece += 1
        }
        removePieces()
        bytes.consume(left)
    }

    private func removePieces() {
        pieces.removeAll(keepingCapacity: pieces.capacity <= 64)
        firstPiece = 0
        placed = 0
        pieceBytes = 0
    }

    /// Gives memory back when it was needed for once, so that the pool does not hold it for ever. To be called when
    /// empty.
    func trim() {
        bytes.removeAll(keepingCapacityUpTo: Self.highWater)
    }

    func removeAll() {
        bytes.removeAll(keepingCapacityUpTo: Self.highWater)
        removePieces()
    }

    deinit {}
}

import Glibc
import MartletHTTP
import MartletLoop
import MartletNet

/// Answers on their way to the kernel. Lent by the server's pool while there are any.
///
/// Heads and small bodies are copied one behind the other; a large piece stays where it is, and its place among the
/// others is remembered. All of it leaves in one call.
///
/// A handle, as ``InputBuffer`` is: whoever has taken it from the pool gives it back, once.
package struct OutputBuffer {
    private struct State: ~Copyable {
        /// Heads and small bodies.
        var bytes = ByteBuffer()
        /// Pieces that are sent from where they are, in order.
        var pieces: [Piece] = []
        var firstPiece = 0
        /// Bytes of `bytes` that lie before the end of the last piece.
        var placed = 0
        /// What is left of all pieces.
        var pieceBytes = 0
    }

    private let state: UnsafeMutablePointer<State>

    package init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    /// Frees the memory; no copy of the handle may be used any more.
    package func deallocate() {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Heads and small bodies.
    package var bytes: ByteBuffer {
        _read { yield state.pointee.bytes }
        nonmutating _modify { yield &state.pointee.bytes }
    }

    private struct Piece {
        /// Bytes of `bytes` between the piece before this one and this one.
        var before: Int
        var body: [UInt8]
        var sent = 0

        var unsent: Int { body.count - sent }
    }

    /// Larger bodies are sent from where they are: copying costs more than remembering.
    package static let copyLimit = 4 * 1024
    /// With that much, sending goes before appending.
    package static let highWater = 64 * 1024
    /// Pieces of one call; the kernel takes 1024 at most.
    private static let mostVectors = 64

    package var count: Int { state.pointee.bytes.count + state.pointee.pieceBytes }
    package var isEmpty: Bool { count == 0 }

    /// Whether it is to be sent before anything is appended.
    var isLarge: Bool { count >= Self.highWater }

    /// Appends bytes, by reference if they are many.
    ///
    /// - Parameters:
    ///   - body: the bytes.
    ///   - start: how many of them are left out at the beginning.
    package func append(_ body: [UInt8], from start: Int = 0) {
        guard body.count - start > Self.copyLimit else {
            return body.withUnsafeBytes {
                state.pointee.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[start...]))
            }
        }
        let count = state.pointee.bytes.count
        state.pointee.pieces.append(Piece(before: count - state.pointee.placed, body: body, sent: start))
        state.pointee.placed = count
        state.pointee.pieceBytes += body.count - start
    }

    /// Sends as much as the kernel takes.
    package func send(on stream: ByteStream) -> Transfer {
        if state.pointee.pieces.isEmpty {
            let transfer = stream.send(state.pointee.bytes.readableBytes)
            if case .moved(let count) = transfer { state.pointee.bytes.consume(count) }
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
            let base = state.pointee.bytes.readableBytes
            func add(_ start: UnsafeRawPointer?, _ length: Int) {
                guard length > 0, count < vectors.count else { return }
                vectors[count] = iovec(iov_base: UnsafeMutableRawPointer(mutating: start), iov_len: length)
                count += 1
            }
            let last = state.pointee.pieces.count - 1
            for index in state.pointee.firstPiece...last {
                // Both of a piece or none, and room for what is behind the last.
                guard count + 3 <= vectors.count else { break }
                let piece = state.pointee.pieces[index]
                add(base.baseAddress.map { $0 + offset }, piece.before)
                offset += piece.before
                // The array is kept by `pieces`, which nobody changes before the call returns.
                piece.body.withUnsafeBytes { add($0.baseAddress.map { $0 + piece.sent }, $0.count - piece.sent) }
                if index == last { add(base.baseAddress.map { $0 + offset }, base.count - offset) }
            }
            return stream.send(pieces: UnsafeMutableBufferPointer(rebasing: vectors[..<count]))
        }
    }

    private func consume(_ count: Int) {
        var left = count
        while state.pointee.firstPiece < state.pointee.pieces.count {
            let index = state.pointee.firstPiece
            let fromBytes = min(left, state.pointee.pieces[index].before)
            state.pointee.pieces[index].before -= fromBytes
            state.pointee.placed -= fromBytes
            state.pointee.bytes.consume(fromBytes)
            left -= fromBytes
            let fromPiece = min(left, state.pointee.pieces[index].unsent)
            state.pointee.pieces[index].sent += fromPiece
            state.pointee.pieceBytes -= fromPiece
            left -= fromPiece
            guard state.pointee.pieces[index].before == 0, state.pointee.pieces[index].unsent == 0 else { return }
            state.pointee.pieces[index].body = []
            state.pointee.pieces[index].sent = 0
            state.pointee.firstPiece += 1
        }
        removePieces()
        state.pointee.bytes.consume(left)
    }

    private func removePieces() {
        guard !state.pointee.pieces.isEmpty else { return }
        state.pointee.pieces.removeAll(keepingCapacity: state.pointee.pieces.capacity <= 64)
        state.pointee.firstPiece = 0
        state.pointee.placed = 0
        state.pointee.pieceBytes = 0
    }

    /// Forgets what is there. Memory that was needed for once is given back, so that the pool does not hold it for ever.
    package func removeAll() {
        state.pointee.bytes.removeAll(keepingCapacityUpTo: Self.highWater)
        removePieces()
    }
}

extension OutputBuffer {
    /// Takes everything, copied into one array.
    func takeAll() -> [UInt8] {
        var taken: [UInt8] = []
        taken.reserveCapacity(count)
        let base = state.pointee.bytes.readableBytes
        var offset = 0
        for piece in state.pointee.pieces[state.pointee.firstPiece...] {
            taken += base[offset..<(offset + piece.before)]
            taken += piece.body[piece.sent...]
            offset += piece.before
        }
        taken += base[offset...]
        removeAll()
        return taken
    }
}

import Glibc

/// Reads pieces that lie apart in portions that make good records: a large piece as it lies, small ones copied together.
struct PieceReader {
    private let pieces: UnsafeMutableBufferPointer<iovec>
    private var index = 0
    private var offset = 0

    init(_ pieces: UnsafeMutableBufferPointer<iovec>) {
        self.pieces = pieces
        skipEmpty()
    }

    var isEmpty: Bool { index == pieces.count }

    /// The next portion: whole records of one piece, or one record with parts of several, which is put into `buffer`.
    mutating func next(
        record: Int, atMost limit: Int, _ buffer: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let first = current
        let direct = min(first.count, limit)
        if direct >= record || first.count == direct && index == pieces.count - 1 {
            let count = direct >= record ? direct - direct % record : direct
            advance(count)
            return UnsafeRawBufferPointer(rebasing: first[..<count])
        }
        var gathered = 0
        let most = min(record, limit)
        while gathered < most, !isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: current.prefix(most - gathered))
            UnsafeMutableRawBufferPointer(rebasing: buffer[gathered...]).copyMemory(from: part)
            gathered += part.count
            advance(part.count)
        }
        return UnsafeRawBufferPointer(rebasing: buffer[..<gathered])
    }

    private var current: UnsafeRawBufferPointer {
        let piece = pieces[index]
        return UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(start: piece.iov_base, count: piece.iov_len)[offset...])
    }

    private mutating func advance(_ count: Int) {
        offset += count
        skipEmpty()
    }

    private mutating func skipEmpty() {
        while index < pieces.count, offset == pieces[index].iov_len {
            index += 1
            offset = 0
        }
    }
}

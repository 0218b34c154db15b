/// Cuts what a stream brings into runs of whole frames, wherever the stream was cut. At the first broken frame it ends:
/// what came before that is still given out.
///
/// It holds back less than one frame of the largest size.
nonisolated struct BusFrameSplitter {
    /// What is wrong with the stream; there are no frames any more.
    private(set) var error: BusFrameError?

    private let accepted: [BusFrame.Kind]
    /// The beginning of a frame of which more is to come.
    private var rest: [UInt8] = []
    /// How many bytes `rest` must have before another look is worth it.
    private var needed = BusFrame.headerSize

    /// - Parameter accepted: the kinds that the other side may send.
    init(accepting accepted: [BusFrame.Kind]) {
        self.accepted = accepted
    }

    /// Takes what has arrived, and gives out all frames that are complete now, which may be none.
    mutating func split(_ arrived: UnsafeRawBufferPointer) -> [UInt8] {
        guard error == nil else { return [] }
        guard !rest.isEmpty else {
            let whole = measure(arrived)
            if error == nil { rest.append(contentsOf: arrived[whole...]) }
            return [UInt8](arrived[..<whole])
        }
        rest.append(contentsOf: arrived)
        guard rest.count >= needed else { return [] }
        let whole = rest.withUnsafeBytes { measure($0) }
        if whole == rest.count {
            defer { rest = [] }
            return rest
        }
        // Not the same memory: whoever keeps a small run must not keep what a large frame has grown to.
        defer { rest.removeFirst(whole) }
        return [UInt8](rest[..<whole])
    }

    /// How many bytes belong to whole frames.
    private mutating func measure(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while bytes.count - offset >= BusFrame.headerSize {
            do throws(BusFrameError) {
                let frame = try BusFrame(headerIn: bytes, at: offset)
                guard accepted.contains(frame.kind) else { throw .unexpectedKind(frame.kind) }
                guard bytes.count - offset >= frame.size else {
                    needed = frame.size
                    return offset
                }
                offset += frame.size
            } catch {
                self.error = error
                return offset
            }
        }
        needed = BusFrame.headerSize
        return offset
    }
}

/// The frames of a run that a `BusFrameSplitter` gave out, with the offsets of their headers.
nonisolated struct BusFrames: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func next() -> (frame: BusFrame, offset: Int)? {
        guard bytes.count - offset >= BusFrame.headerSize,
            let frame = try? BusFrame(headerIn: bytes, at: offset), bytes.count - offset >= frame.size
        else { return nil }
        defer { offset += frame.size }
        return (frame, offset)
    }
}

import FoundationEssentials
import Glibc
import MartletLoop

/// Puts together the frames that arrive on a socket. A payload is received where it stays, in memory that is asked for
/// once its length is known and is not above the limit.
struct FrameReader {
    enum Outcome {
        /// There is more to come.
        case incomplete
        case frame(Parcel<Frame>)
        /// The other end is closed.
        case end
        /// What arrived is no frame, or one that is too large.
        case invalid
    }

    /// So many bytes are received at once, so that a large frame leaves the loop time for others.
    private static let bytesPerReceive = 256 * 1024
    private static let smallReceive = 4096

    private let limit: Int
    private var head: [UInt8] = []
    private var payload: Payload?

    /// Whoever owns a reader lets it go only after `reset`, unless no frame is half received.
    init(limit: Int) {
        self.limit = limit
    }

    private struct Payload {
        let kind: Frame.Kind
        let memory: UnsafeMutableRawPointer
        let length: Int
        var filled = 0
    }

    /// Receives what there is, at most once.
    mutating func receive(from socket: Int32) -> Outcome {
        guard let payload else { return receiveHead(from: socket) }
        let room = UnsafeMutableRawBufferPointer(
            start: payload.memory + payload.filled,
            count: min(payload.length - payload.filled, Self.bytesPerReceive))
        switch EventLoop.main.poller.receive(socket, into: room) {
        case .moved(0), .failed: return .end
        case .moved(let count): return filled(count)
        case .wouldBlock: return .incomplete
        }
    }

    /// Drops what is half received.
    mutating func reset() {
        if let payload { free(payload.memory) }
        payload = nil
        head = []
    }

    private mutating func receiveHead(from socket: Int32) -> Outcome {
        let received = withUnsafeTemporaryAllocation(byteCount: Self.smallReceive, alignment: 1) { room in
            let result = EventLoop.main.poller.receive(socket, into: room)
            if case .moved(let count) = result { head.append(contentsOf: room[..<count]) }
            return result
        }
        switch received {
        case .moved(0), .failed: return .end
        case .moved: break
        case .wouldBlock: return .incomplete
        }
        guard head.count >= Frame.headerSize else { return .incomplete }
        let arrived = head.count - Frame.headerSize
        guard let (kind, length) = head.withUnsafeBytes(Frame.header), length <= limit, arrived <= length,
            let memory = malloc(max(1, length))
        else { return .invalid }
        head.withUnsafeBytes {
            memory.copyMemory(from: $0.baseAddress.unsafelyUnwrapped + Frame.headerSize, byteCount: arrived)
        }
        head = []
        payload = Payload(kind: kind, memory: memory, length: length)
        return filled(arrived)
    }

    private mutating func filled(_ count: Int) -> Outcome {
        guard var payload else { return .incomplete }
        payload.filled += count
        guard payload.filled == payload.length else {
            self.payload = payload
            return .incomplete
        }
        self.payload = nil
        let bytes = Data(bytesNoCopy: payload.memory, count: payload.length, deallocator: .free)
        return .frame(Parcel(Frame(kind: payload.kind, payload: bytes), size: payload.length))
    }
}

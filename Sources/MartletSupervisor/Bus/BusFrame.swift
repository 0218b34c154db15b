/// What supervisor and worker write on the bus's stream: a header of 16 bytes, and a message's bytes.
///
/// Header, numbers little-endian: length of what follows it (4 bytes), kind (1), service (1), how many of the sender's
/// messages found no room before this one (2), a worker's identity (8).
///
/// Both directions have the same format, so that the supervisor passes on whole runs of frames as they came, after it
/// has written the sender's identity into each: what a worker wrote there counts for nothing.
nonisolated struct BusFrame: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        /// For all others; the identity is its sender's.
        case message = 1
        /// From the supervisor, the first frame: the identity is the receiver's own.
        case welcome
        /// From the supervisor: a worker has come.
        case joined
        /// From the supervisor: a worker is gone.
        case left
    }

    static let headerSize = 16
    /// The most bytes after a header: a message's, for no other kind has any.
    static let longestMessage = 1 << 20
    /// Where the identity lies in the header.
    static let identityOffset = 8

    var length = 0
    var kind: Kind
    var service: UInt8 = 0
    var dropped: UInt16 = 0
    var worker: UInt64

    /// Header and message together.
    var size: Int { Self.headerSize + length }

    /// A frame without a message.
    init(_ kind: Kind, worker: UInt64) {
        self.kind = kind
        self.worker = worker
    }

    /// A message's frame; the supervisor fills in the sender.
    ///
    /// - Precondition: the length is at most `longestMessage`.
    init(messageOf length: Int, service: UInt8, dropped: UInt16) {
        self.init(.message, worker: 0)
        self.length = length
        self.service = service
        self.dropped = dropped
    }

    /// Reads a header.
    ///
    /// - Precondition: there are `headerSize` bytes from the offset on.
    init(headerIn bytes: UnsafeRawBufferPointer, at offset: Int) throws(BusFrameError) {
        let length = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        guard let kind = Kind(rawValue: bytes[offset + 4]) else { throw .unknownKind(bytes[offset + 4]) }
        guard length <= (kind == .message ? Self.longestMessage : 0) else { throw .tooLong(Int(length)) }
        self.length = Int(length)
        self.kind = kind
        service = bytes[offset + 5]
        dropped = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 6, as: UInt16.self))
        worker = UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: offset + Self.identityOffset, as: UInt64.self))
    }

    /// Writes the header.
    func appendHeader(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(clamping: length).littleEndian) { bytes += $0 }
        bytes.append(kind.rawValue)
        bytes.append(service)
        withUnsafeBytes(of: dropped.littleEndian) { bytes += $0 }
        withUnsafeBytes(of: worker.littleEndian) { bytes += $0 }
    }

    /// The bytes of a frame without a message.
    var header: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize)
        appendHeader(to: &bytes)
        return bytes
    }
}

/// Why what came over the bus is no frame.
nonisolated enum BusFrameError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknownKind(UInt8)
    /// A kind that only the other side sends.
    case unexpectedKind(BusFrame.Kind)
    case tooLong(Int)

    var description: String {
        switch self {
        case .unknownKind(let kind): "broken frame on the bus: kind \(kind) is unknown"
        case .unexpectedKind(let kind): "broken frame on the bus: \(kind) is not this side's to send"
        case .tooLong(let length): "broken frame on the bus: a length of \(length) is too large"
        }
    }
}

/// What stands before the payload of a frame, RFC 6455 §5.2:
///
///     FIN RSV1 RSV2 RSV3 opcode:4 | MASK length:7 | [length:16 or length:64] | [key:32]
public struct WebSocketFrameHeader: Hashable, Sendable {
    /// The most bytes that a header has.
    public static let maximumSize = 14
    /// The longest payload of a control frame in bytes, RFC 6455 §5.5.
    public static let maximumControlPayload = 125

    /// What the frame carries.
    public var opcode: WebSocketOpcode
    /// Whether the message ends with this frame (FIN). Always so for control frames.
    public var isFinal: Bool
    /// Whether the message that starts here is compressed (RSV1, RFC 7692 §6).
    public var isCompressed: Bool
    /// The length of the payload in bytes, never negative.
    public var payloadLength: Int
    /// What the payload is masked with: always by a client, never by a server.
    public var mask: WebSocketMask?

    /// The header of a frame of `payloadLength` bytes; by default of a whole message that is neither compressed nor masked.
    public init(
        _ opcode: WebSocketOpcode, payloadLength: Int, isFinal: Bool = true, isCompressed: Bool = false,
        mask: WebSocketMask? = nil
    ) {
        precondition(payloadLength >= 0)
        self.opcode = opcode
        self.payloadLength = payloadLength
        self.isFinal = isFinal
        self.isCompressed = isCompressed
        self.mask = mask
    }

    /// The bytes that the header takes, 2…14.
    public var size: Int {
        let lengthBytes = payloadLength <= 125 ? 0 : payloadLength <= 0xFFFF ? 2 : 8
        return 2 + lengthBytes + (mask == nil ? 0 : 4)
    }

    /// Writes the header to `destination`, which has room for ``size`` bytes (at most ``maximumSize``), and returns how
    /// many it took.
    @discardableResult
    public func write(to destination: UnsafeMutablePointer<UInt8>) -> Int {
        destination[0] = (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue
        let masked: UInt8 = mask == nil ? 0 : 0x80
        let bytes = UnsafeMutableRawPointer(destination)
        var size = 2
        switch payloadLength {
        case ...125:
            destination[1] = masked | UInt8(truncatingIfNeeded: payloadLength)
        case ...0xFFFF:
            destination[1] = masked | 126
            bytes.storeBytes(of: UInt16(truncatingIfNeeded: payloadLength).bigEndian, toByteOffset: 2, as: UInt16.self)
            size = 4
        default:
            destination[1] = masked | 127
            bytes.storeBytes(of: UInt64(payloadLength).bigEndian, toByteOffset: 2, as: UInt64.self)
            size = 10
        }
        guard let mask else { return size }
        bytes.storeBytes(of: mask.key.littleEndian, toByteOffset: size, as: UInt32.self)
        return size + 4
    }
}

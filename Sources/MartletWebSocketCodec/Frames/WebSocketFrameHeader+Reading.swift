/// Reading, in three steps: each looks at bytes that the one before has not needed, so that what is wrong shows with the
/// byte that makes it so, however the bytes arrive.
extension WebSocketFrameHeader {
    /// The header at the start of `bytes`, nil when it is not there as a whole.
    ///
    /// - Throws: ``WebSocketError`` as soon as `bytes` cannot begin a frame, whoever sends it and whatever came before.
    public init?(_ bytes: UnsafeRawBufferPointer) throws(WebSocketError) {
        guard let first = bytes.first else { return nil }
        let opcode = try Self.opcode(of: first)
        guard bytes.count > 1 else { return nil }
        try Self.checkLength(bytes[1], of: opcode)
        try self.init(opcode, bytes)
    }

    /// What the first byte says.
    @inline(__always)
    static func opcode(of first: UInt8) throws(WebSocketError) -> WebSocketOpcode {
        guard first & 0x30 == 0 else {
            throw .protocolError(
                "frame: a reserved bit is set (RSV2 or RSV3), and no extension that uses it is agreed on")
        }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else {
            throw .protocolError("frame: opcode \(first & 0x0F) is reserved")
        }
        if first & 0x40 != 0, opcode != .text, opcode != .binary {
            throw .protocolError("frame: RSV1 is set, which only the first frame of a message may have")
        }
        if opcode.isControl, first & 0x80 == 0 { throw .protocolError("frame: a control frame is fragmented") }
        return opcode
    }

    /// Checks what the second byte says about the length.
    @inline(__always)
    static func checkLength(_ second: UInt8, of opcode: WebSocketOpcode) throws(WebSocketError) {
        if opcode.isControl, second & 0x7F > UInt8(maximumControlPayload) {
            throw .protocolError("frame: the payload of a control frame is longer than 125 bytes")
        }
    }

    /// The header whose first two bytes, which have to be there, are already checked.
    @inline(__always)
    init?(_ opcode: WebSocketOpcode, _ bytes: UnsafeRawBufferPointer) throws(WebSocketError) {
        var length = Int(bytes[1] & 0x7F)
        var size = 2
        if length >= 126 {
            size = length == 126 ? 4 : 10
            guard let extended = try Self.extendedLength(bytes, size) else { return nil }
            length = extended
        }
        var mask: WebSocketMask?
        if bytes[1] & 0x80 != 0 {
            guard bytes.count >= size + 4 else { return nil }
            mask = WebSocketMask(key: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: size, as: UInt32.self)))
        }
        self.init(
            opcode, payloadLength: length, isFinal: bytes[0] & 0x80 != 0, isCompressed: bytes[0] & 0x40 != 0, mask: mask
        )
    }

    /// The length in the bytes from the third to `end`, nil when they are not there yet.
    private static func extendedLength(_ bytes: UnsafeRawBufferPointer, _ end: Int) throws(WebSocketError) -> Int? {
        if end == 10, bytes.count > 2, bytes[2] & 0x80 != 0 {
            throw .protocolError("frame: the top bit of the 64-bit length is set")
        }
        guard bytes.count >= end else { return nil }
        let length: Int
        if end == 4 {
            length = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        } else {
            length = Int(
                truncatingIfNeeded: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self)))
        }
        // So there is one form for each header, and `size` tells how much of `bytes` it took.
        guard length > (end == 4 ? 125 : 0xFFFF) else {
            throw .protocolError("frame: the length is not in its shortest form")
        }
        return length
    }
}

/// What a close frame carries: nothing, or a code and perhaps a reason, RFC 6455 §5.5.1.
public struct WebSocketClosePayload: Hashable, Sendable {
    /// Why; nil when nothing is said.
    public var code: WebSocketCloseCode?
    /// Words for a log or a developer, empty without a code.
    public var reason: String

    /// A payload of `code` and `reason`. ``write(to:)`` cuts a reason that is longer than 123 bytes.
    public init(_ code: WebSocketCloseCode?, reason: String = "") {
        self.code = code
        self.reason = code == nil ? "" : reason
    }

    /// What `bytes`, a whole payload, says.
    ///
    /// - Throws: ``WebSocketError``: 1002 for half a code or one that may not be sent, 1007 for a reason that is not UTF-8.
    public init(_ bytes: UnsafeRawBufferPointer) throws(WebSocketError) {
        guard !bytes.isEmpty else {
            self.init(nil)
            return
        }
        guard bytes.count >= 2 else { throw .protocolError("close frame: a payload of one byte is no code") }
        let code = WebSocketCloseCode(
            rawValue: UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt16.self)))
        guard code.isValidOnTheWire else { throw .protocolError("close frame: code \(code) may not be sent") }
        let reason = UnsafeRawBufferPointer(rebasing: bytes[2...])
        var validator = UTF8Validator()
        guard validator.validate(reason), validator.isComplete else {
            throw WebSocketError(.invalidPayload, "close frame: the reason is not UTF-8")
        }
        self.init(code, reason: String(decoding: reason, as: UTF8.self))
    }

    /// Writes the payload to `destination`, which has room for ``WebSocketFrameHeader/maximumControlPayload`` bytes, and
    /// returns how many it took. A reason that is too long is cut between two characters.
    ///
    /// A code that may not be sent is a mistake of the caller.
    @discardableResult
    public func write(to destination: UnsafeMutablePointer<UInt8>) -> Int {
        guard let code else { return 0 }
        precondition(code.isValidOnTheWire, "close code \(code) may not be sent")
        destination[0] = UInt8(truncatingIfNeeded: code.rawValue >> 8)
        destination[1] = UInt8(truncatingIfNeeded: code.rawValue)
        var size = 2
        for scalar in reason.unicodeScalars {
            let bytes = UTF8.encode(scalar).unsafelyUnwrapped
            guard size + bytes.count <= WebSocketFrameHeader.maximumControlPayload else { break }
            for byte in bytes {
                destination[size] = byte
                size += 1
            }
        }
        return size
    }
}

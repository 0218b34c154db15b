/// Reads what a peer sends after the handshake, RFC 6455 §5 and RFC 7692: bytes in, messages and control frames out.
///
///     header ┬→ payload ─┐        a data frame
///       ↑    ├→ control ─┤        ping, pong
///       └────│───────────┘
///            └→ control → closed  close; an error leads there from anywhere
///
/// Rules:
/// - All input is used up before ``next(_:from:)`` returns nil: between calls the decoder holds what it has begun, and
///   nothing in between two frames. A socket that waits needs no buffer.
/// - A message that is whole in the input, not fragmented and not compressed, is delivered where it lies. Others are
///   assembled as they arrive: memory grows with what was received, not with what was announced.
/// - What is wrong is thrown with the byte that makes it so. Where the input was split changes neither events nor error.
/// - After a close frame or an error, what arrives is dropped.
///
/// ```swift
/// var offset = 0
/// while let event = try decoder.next(received, from: &offset) {
///     if case .message(let kind, let bytes) = event { … }
/// }
/// ```
public struct WebSocketDecoder: ~Copyable {
    /// Whose input is decoded.
    public enum Role: UInt8, Hashable, Sendable {
        /// A server's: every frame has to be masked.
        case server
        /// A client's: no frame may be masked.
        case client
    }

    /// How messages are delivered.
    public enum Delivery: UInt8, Hashable, Sendable {
        /// As a whole, as ``WebSocketEvent/message(_:_:)``.
        case messages
        /// As they arrive, as ``WebSocketEvent/piece(_:_:isFirst:isLast:)``, for those that are larger than memory.
        case pieces
    }

    enum State: UInt8 {
        case header, payload, control, closed
    }

    /// The limits of what comes; a change holds from the next frame on.
    public var limits: WebSocketLimits

    // The frame being read.
    /// Bytes of the payload still to come.
    var remaining = 0
    /// The beginning of a control frame's payload.
    var partialControl: [UInt8] = []

    // The message being read; a control frame may come between its frames.
    /// Bytes of the payload that the frames so far have announced, compressed if the message is.
    var announced = 0
    /// What could not be delivered from where it lay.
    var assembled: [UInt8] = []
    /// Bytes at the start of `assembled` that the last event has delivered.
    var delivered = 0

    // Compression, when it is agreed on.
    let contexts: DeflateContexts?
    var inflater: MessageInflater?
    /// Compressed bytes of the message that were inflated.
    var inflated = 0
    /// Bytes of the message that have left `assembled`.
    var released = 0

    // Sockets that wait are many: what takes less than a word stands together.
    var mask = WebSocketMask(key: 0)
    /// The beginning of a header.
    var partialHeader = InlineArray<14, UInt8>(repeating: 0)
    var partialHeaderSize: UInt8 = 0
    var state = State.header
    var opcode = WebSocketOpcode.continuation
    var isFinal = false
    /// Nil between messages.
    var kind: WebSocketEvent.Kind?
    var validator = UTF8Validator()
    var isCompressed = false
    var isStreamed = false
    var hasDelivered = false
    /// Whether the last event points into `assembled` or `partialControl`.
    var lends = false
    let role: Role
    /// How messages are delivered; a change holds from the next message on.
    public var delivery = Delivery.messages
    let windowBits: UInt8
    /// Whether a message may refer to those before it, so that the inflater stays.
    let keepsInflater: Bool

    /// A decoder of a connection without compression.
    public init(role: Role, limits: WebSocketLimits = WebSocketLimits()) {
        self.role = role
        self.limits = limits
        contexts = nil
        windowBits = 15
        keepsInflater = false
    }

    /// A decoder of a connection on which `compression` is agreed on, with inflaters lent by `contexts`.
    public init(
        role: Role, limits: WebSocketLimits = WebSocketLimits(), compression: PerMessageDeflate,
        contexts: DeflateContexts
    ) {
        self.role = role
        self.limits = limits
        self.contexts = contexts
        switch role {
        case .server:
            windowBits = UInt8(clamping: compression.clientMaxWindowBits)
            keepsInflater = !compression.clientNoContextTakeover
        case .client:
            windowBits = UInt8(clamping: compression.serverMaxWindowBits)
            keepsInflater = !compression.serverNoContextTakeover
        }
    }

    deinit {
        if let inflater { contexts?.giveBack(inflater) }
    }

    /// Whether nothing is half read, neither a message nor a frame.
    public var isBetweenMessages: Bool { kind == nil && state == .header && partialHeaderSize == 0 }

    /// Whether a close frame was read or an error was thrown, so that nothing more comes.
    public var isClosed: Bool { state == .closed }

    /// Goes on at `offset` of `input` and moves it behind what was read. Payloads are unmasked where they lie.
    ///
    /// - Returns: What was found; nil when all of `input` is used up.
    /// - Throws: ``WebSocketError``, once.
    public mutating func next(
        _ input: UnsafeMutableRawBufferPointer, from offset: inout Int
    ) throws(WebSocketError) -> WebSocketEvent? {
        precondition(offset >= 0 && offset <= input.count)
        if lends { takeBack() }
        do throws(WebSocketError) {
            return try read(input, &offset)
        } catch {
            close()
            throw error
        }
    }

    private mutating func read(
        _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int
    ) throws(WebSocketError) -> WebSocketEvent? {
        while true {
            switch state {
            case .header:
                guard offset < input.count, try readHeader(input, &offset) else { return nil }
            case .payload:
                if let event = try readPayload(input, &offset) { return event }
                if state == .payload { return nil }
            case .control:
                return try readControl(input, &offset)
            case .closed:
                offset = input.count
                return nil
            }
        }
    }

    /// Ends the loan of the last event.
    private mutating func takeBack() {
        lends = false
        partialControl = []
        guard delivered > 0 else { return }
        if delivered < assembled.count {
            assembled.removeFirst(delivered)
        } else if kind != nil || (inflater != nil && assembled.capacity <= 4096) {
            // More is to come right away; or the inflater, which stays, is the larger part by far.
            assembled.removeAll(keepingCapacity: true)
        } else {
            assembled = []
        }
        released += delivered
        delivered = 0
    }

    /// Ends the reading and lets everything go.
    mutating func close() {
        state = .closed
        kind = nil
        assembled = []
        partialControl = []
        if let inflater { contexts?.giveBack(inflater) }
        inflater = nil
    }
}

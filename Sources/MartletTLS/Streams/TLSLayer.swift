import CTLS
import Glibc
import MartletLoop
import MartletNet

/// TLS below a stream: what the socket brings goes into an engine of OpenSSL's, and what that wants to be sent to the
/// socket.
///
/// The engine reads and writes memory, not the socket: one receive brings many records, and as many records as there is
/// room for leave in one send. Memory for both is shared by all connections; one holds some of its own only while a
/// record has come in part, or while the kernel takes no more.
final class TLSLayer: ByteStreamLayer {
    /// What all of them receive into: what TLS adds to the largest reads fits as well.
    static let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 160 << 10, alignment: 64)
    /// Small pieces gather here, to make one record.
    static let gathered = UnsafeMutableRawBufferPointer.allocate(byteCount: record, alignment: 64)
    /// What one record carries at most (RFC 8446 §5.1).
    static let record = 16 << 10
    /// Encrypted before it is sent: in fewer calls than records, and while the cache has it.
    static let mostPerSend = 4 * record
    /// What the peer may have us answer without reading it.
    static let mostUnread = 128 << 10

    unowned let stream: ByteStream
    let side: Side
    /// `nil` of a server's connection until its client has sent something, and of one that was refused.
    private(set) var engine: OpaquePointer?
    /// Hears of the end of the handshake, and is let go then: it may be what keeps the stream.
    var observer: (any TLSHandshakeObserver)?

    var failure: (any Error)?
    /// How the socket has failed.
    var socketError: Int32?
    var socketMayReceive = true
    var socketHasEnded = false
    /// Whether the engine may have something to read without anything being received.
    var holdsInput = false
    var hasSeenBytes = false
    var hasSeenEnd = false
    /// A send has found that the handshake has to go on first.
    var sendNeedsInput = false
    var isFinishing = false
    var handshakeHasEnded = false
    /// Whether it is among the handshakes that are under way.
    var isCounted = false
    lazy var agreed = engine.map { Self.session(of: $0) }

    /// Which end of the connection this is.
    enum Side {
        case client(TLSClientContext, serverName: String)
        case server(TLSServerContext, TLSServerContext.Prepared)
    }

    /// A layer whose handshake has not begun.
    ///
    /// - Parameters:
    ///   - received: what has arrived already.
    ///   - observer: hears of the handshake's end, be it during this call.
    init(
        below stream: ByteStream, as side: Side, received: [UInt8] = [], observer: (any TLSHandshakeObserver)? = nil
    ) {
        self.stream = stream
        self.observer = observer
        self.side = side
        switch side {
        case .client(let context, let serverName):
            engine = context.makeEngine(for: serverName)
            if engine == nil { failure = TLSError(.invalidInput, host: peer, "this is no name that a server can have") }
        case .server:
            break
        }
        received.withUnsafeBytes { take($0) }
        if let engine { ctls_engine_keep(engine) }
    }

    isolated deinit {
        endHandshake(nil)
        ctls_engine_free(engine)
    }

    /// What was agreed on; `nil` before the handshake is done.
    var session: TLSSession? { isEstablished ? agreed : nil }

    var isEstablished: Bool { engine.map { ctls_engine_is_established($0) } ?? false }

    /// Whom this is about, for errors.
    var peer: String {
        switch side {
        case .client(_, let serverName): serverName
        case .server: stream.peerName ?? "a client that is gone"
        }
    }

    // MARK: Receiving

    var mayReceive: Bool { holdsInput || socketMayReceive || hasSeenEnd || failure != nil }

    func socketIsReadable(hasEnded: Bool) {
        socketMayReceive = true
        socketHasEnded = hasEnded
        sendNeedsInput = false
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        guard failure == nil else { return .failed(EPROTO) }
        if hasSeenEnd { return .moved(0) }
        var total = 0
        var mayGoOn = true
        while true {
            if holdsInput, let engine {
                var count = 0
                let room = UnsafeMutableRawBufferPointer(rebasing: buffer[total...])
                let status = ctls_engine_read(engine, room.baseAddress, room.count, &count)
                total += count
                if let end = settle(status, total) { return end }
            }
            guard mayGoOn, socketMayReceive, feed(atMost: buffer.count - total) else {
                return moved(total)
            }
            // One call for the kernel's bytes and one for what the caller has room for: the others want their turn.
            mayGoOn = total == 0
        }
    }

    /// Goes on with the handshake: `.moved` when it is done.
    func handshake() -> Transfer {
        guard failure == nil else { return .failed(EPROTO) }
        while true {
            if let engine {
                let status = ctls_engine_handshake(engine)
                if status == CTLS_DONE {
                    noteHandshake()
                    holdsInput = true
                    ctls_engine_keep(engine)
                    flush()
                    return .moved(0)
                }
                if let end = settle(status, 0) { return end }
            }
            guard socketMayReceive, feed(atMost: Self.record) else { return moved(0) }
        }
    }

    /// What a step of the engine's comes to; `nil` when it needs more bytes.
    func settle(_ status: ctls_status, _ total: Int) -> Transfer? {
        if !handshakeHasEnded, isEstablished { noteHandshake() }
        takeSession()
        switch status {
        case CTLS_WANTS_INPUT:
            holdsInput = false
            return nil
        case CTLS_CLOSED:
            hasSeenEnd = true
        case CTLS_FAILED:
            fail()
        default:
            break
        }
        ctls_engine_keep(engine)
        flush()
        return total > 0 || failure == nil ? .moved(total) : .failed(EPROTO)
    }

    /// Nothing more is there now.
    func moved(_ total: Int) -> Transfer {
        flush()
        guard total == 0 else { return .moved(total) }
        if failure != nil { return .failed(EPROTO) }
        if let socketError, !socketMayReceive { return .failed(socketError) }
        return .wouldBlock
    }

    /// Receives for the engine; `false` when there is nothing, or it has failed.
    func feed(atMost count: Int) -> Bool {
        // What TLS adds, and a record at least, so that none has to be kept in part.
        let wanted = min(Self.received.count, max(count + count / 64, Self.record) + 512)
        let room = UnsafeMutableRawBufferPointer(rebasing: Self.received[..<wanted])
        switch stream.poller.receive(stream.descriptor, into: room) {
        case .moved(0):
            socketMayReceive = false
            guard let engine else {
                endWithoutBeginning()
                return false
            }
            ctls_engine_feed_end(engine)
            holdsInput = true
            return true
        case .moved(let count):
            socketMayReceive = count == room.count || socketHasEnded
            take(UnsafeRawBufferPointer(rebasing: room[..<count]))
            return failure == nil
        case .wouldBlock:
            socketMayReceive = false
            return false
        case .failed(let code):
            socketMayReceive = false
            socketError = code
            return false
        }
    }

    func take(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first, failure == nil else { return }
        if !hasSeenBytes {
            hasSeenBytes = true
            if engine == nil { engine = begin() }
            if failure == nil, isPlainHTTP(bytes, first) { refusePlainHTTP() }
        }
        guard failure == nil, let engine else { return }
        ctls_engine_feed(engine, bytes.baseAddress, bytes.count)
        holdsInput = true
    }
}

/// Hears of the end of a connection's handshake, once.
package protocol TLSHandshakeObserver: AnyObject {
    /// The handshake is done, or never will be.
    func handshakeEnded(_ end: TLSHandshakeEnd)
}

/// How a handshake has ended.
package nonisolated enum TLSHandshakeEnd {
    case done(isResumed: Bool)
    /// With an error, or because the connection was closed.
    case failed(TLSError?)
    /// The client has sent nothing.
    case notBegun
}

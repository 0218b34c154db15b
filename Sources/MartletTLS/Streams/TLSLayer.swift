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
    private static let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 160 << 10, alignment: 64)
    /// Small pieces gather here, to make one record.
    private static let gathered = UnsafeMutableRawBufferPointer.allocate(byteCount: record, alignment: 64)
    /// What one record carries at most (RFC 8446 §5.1).
    private static let record = 16 << 10
    /// Encrypted before it is sent: in fewer calls than records, and while the cache has it.
    private static let mostPerSend = 4 * record
    /// What the peer may have us answer without reading it.
    private static let mostUnread = 128 << 10

    private unowned let stream: ByteStream
    private let side: Side
    /// `nil` of a connection that was refused before it began.
    private let engine: OpaquePointer?
    /// Hears of the end of the handshake, once.
    private weak var observer: (any TLSHandshakeObserver)?

    private(set) var failure: (any Error)?
    /// How the socket has failed.
    private var socketError: Int32?
    private var socketMayReceive = true
    private var socketHasEnded = false
    /// Whether the engine may have something to read without anything being received.
    private var holdsInput = false
    private var hasSeenBytes = false
    private var hasSeenEnd = false
    /// A send has found that the handshake has to go on first.
    private var sendNeedsInput = false
    private var isFinishing = false
    private var handshakeHasEnded = false
    private lazy var agreed = engine.map { Self.session(of: $0) }

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
        case .server(let context, let prepared):
            engine = context.beginsHandshake() ? ctls_engine_new(prepared.context, nil) : nil
        }
        guard let engine else {
            refuse()
            return
        }
        received.withUnsafeBytes { take($0) }
        ctls_engine_keep(engine)
    }

    isolated deinit {
        endHandshake(nil)
        ctls_engine_free(engine)
    }

    /// What was agreed on; `nil` before the handshake is done.
    var session: TLSSession? { isEstablished ? agreed : nil }

    var isEstablished: Bool { engine.map { ctls_engine_is_established($0) } ?? false }

    /// Whom this is about, for errors.
    private var peer: String {
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
            if holdsInput {
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
            let status = ctls_engine_handshake(engine)
            if status == CTLS_DONE {
                noteHandshake()
                holdsInput = true
                ctls_engine_keep(engine)
                flush()
                return .moved(0)
            }
            if let end = settle(status, 0) { return end }
            guard socketMayReceive, feed(atMost: Self.record) else { return moved(0) }
        }
    }

    /// What a step of the engine's comes to; `nil` when it needs more bytes.
    private func settle(_ status: ctls_status, _ total: Int) -> Transfer? {
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
    private func moved(_ total: Int) -> Transfer {
        flush()
        guard total == 0 else { return .moved(total) }
        if failure != nil { return .failed(EPROTO) }
        if let socketError, !socketMayReceive { return .failed(socketError) }
        return .wouldBlock
    }

    /// Receives for the engine; `false` when there is nothing, or it has failed.
    private func feed(atMost count: Int) -> Bool {
        // What TLS adds, and a record at least, so that none has to be kept in part.
        let wanted = min(Self.received.count, max(count + count / 64, Self.record) + 512)
        let room = UnsafeMutableRawBufferPointer(rebasing: Self.received[..<wanted])
        switch stream.poller.receive(stream.descriptor, into: room) {
        case .moved(0):
            ctls_engine_feed_end(engine)
            socketMayReceive = false
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

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first, let engine else { return }
        if !hasSeenBytes {
            hasSeenBytes = true
            // Records begin with a number from 20 to 23.
            if UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first { return refusePlainHTTP(bytes) }
        }
        ctls_engine_feed(engine, bytes.baseAddress, bytes.count)
        holdsInput = true
    }

    // MARK: Sending

    var maySend: Bool { unsentBytes == 0 && !sendNeedsInput }

    var unsentBytes: Int {
        var count = 0
        if let engine { _ = ctls_engine_output(engine, &count) }
        return count
    }

    func socketIsWritable() { flush() }

    func send(_ bytes: UnsafeRawBufferPointer, moreComes: Bool) -> Transfer {
        if let refusal = readyToSend() { return refusal }
        var total = 0
        while total < bytes.count, unsentBytes == 0, socketError == nil {
            let next = UnsafeRawBufferPointer(rebasing: bytes[total...].prefix(Self.mostPerSend))
            if let end = encrypt(next, &total) { return end }
            flush(moreComes: moreComes || total < bytes.count)
        }
        return sent(total)
    }

    func send(pieces: UnsafeMutableBufferPointer<iovec>) -> Transfer {
        if let refusal = readyToSend() { return refusal }
        var total = 0
        var rest = PieceReader(pieces)
        while !rest.isEmpty, unsentBytes == 0, socketError == nil {
            var encrypted = 0
            while !rest.isEmpty, encrypted < Self.mostPerSend {
                let next = rest.next(record: Self.record, atMost: Self.mostPerSend - encrypted, Self.gathered)
                if let end = encrypt(next, &total) { return end }
                encrypted += next.count
            }
            flush(moreComes: !rest.isEmpty)
        }
        return sent(total)
    }

    /// Why nothing can be sent now; `nil` when something can.
    private func readyToSend() -> Transfer? {
        if failure != nil { return .failed(EPROTO) }
        if isFinishing { return .failed(EPIPE) }
        flush()
        if let socketError { return .failed(socketError) }
        return unsentBytes > 0 ? .wouldBlock : nil
    }

    /// Encrypts; what to return when that does not go on.
    private func encrypt(_ bytes: UnsafeRawBufferPointer, _ total: inout Int) -> Transfer? {
        var count = 0
        var status = ctls_engine_write(engine, bytes.baseAddress, bytes.count, &count)
        if status != CTLS_DONE || !handshakeHasEnded {
            // Nobody may be reading: the handshake goes on here.
            while status == CTLS_WANTS_INPUT, socketMayReceive, feed(atMost: Self.record) {
                flush()
                status = ctls_engine_write(engine, bytes.baseAddress, bytes.count, &count)
            }
            if isEstablished { noteHandshake() }
            ctls_engine_keep(engine)
        }
        total += count
        guard status != CTLS_DONE else { return nil }
        if status == CTLS_WANTS_INPUT { sendNeedsInput = true } else { fail() }
        flush()
        if total > 0 { return .moved(total) }
        return failure == nil ? .wouldBlock : .failed(EPROTO)
    }

    private func sent(_ total: Int) -> Transfer {
        if total == 0, let socketError { return .failed(socketError) }
        return .moved(total)
    }

    /// Sends what the engine has, as far as the kernel takes it.
    private func flush(moreComes: Bool = false) {
        guard let engine, stream.descriptor >= 0 else { return }
        while socketError == nil {
            var count = 0
            let output = ctls_engine_output(engine, &count)
            guard count > 0 else { break }
            let bytes = UnsafeRawBufferPointer(start: output, count: count)
            switch stream.poller.send(stream.descriptor, bytes, moreComes: moreComes) {
            case .moved(let sent):
                ctls_engine_sent(engine, sent)
                if sent < count { return guardMemory(count - sent) }
            case .wouldBlock:
                return guardMemory(count)
            case .failed(let code):
                socketError = code
                drop()
            }
        }
        if isFinishing { shutdown(stream.descriptor, Int32(SHUT_WR)) }
    }

    /// A peer that asks and asks and does not read the answers is not given memory for them without end.
    private func guardMemory(_ held: Int) {
        guard held > Self.mostUnread else { return }
        socketError = ENOBUFS
        drop()
    }

    private func drop() {
        guard let engine else { return }
        ctls_engine_sent(engine, unsentBytes)
    }

    /// Has the engine do something, and sends what comes of it.
    func withEngine<Result>(_ body: (OpaquePointer) -> Result) -> Result? {
        defer { flush() }
        return engine.map { body($0) }
    }

    // MARK: Ending

    func finish() {
        guard !isFinishing, let engine else { return }
        ctls_engine_finish(engine)
        isFinishing = true
        flush()
    }

    func end() -> [UInt8] {
        defer { endHandshake(nil) }
        guard let engine, socketError == nil else { return [] }
        ctls_engine_finish(engine)
        flush()
        var count = 0
        let output = ctls_engine_output(engine, &count)
        return Array(UnsafeRawBufferPointer(start: output, count: count))
    }

    func abandon() {
        socketError = ECONNABORTED
        drop()
    }

    // MARK: The handshake's end

    private func noteHandshake() {
        guard !handshakeHasEnded else { return }
        endHandshake(nil)
    }

    /// The engine has failed: says why.
    private func fail() {
        guard failure == nil, let engine else { return }
        if let socketError {
            failure = SystemError("speak TLS with", target: peer, code: socketError)
        } else {
            let error = TLSError(ctls_engine_failure(engine).pointee, host: peer)
            // How much is missing, a server's protocol has to know: clients often just leave.
            if error.code == .truncated, handshakeHasEnded, case .server = side {
                hasSeenEnd = true
                return
            }
            failure = error
        }
        endHandshake(failure as? TLSError)
    }

    /// Once: counts the handshake and tells whoever wants to know.
    private func endHandshake(_ error: TLSError?) {
        guard !handshakeHasEnded, engine != nil else { return }
        handshakeHasEnded = true
        let isDone = error == nil && isEstablished
        if case .server(let context, _) = side {
            context.handshakeEnded(isDone: isDone, isResumed: isDone && ctls_engine_is_resumed(engine), error)
        }
        observer?.handshakeEnded(isDone ? .done(isResumed: ctls_engine_is_resumed(engine)) : .failed(error))
    }

    private func takeSession() {
        guard case .client(let context, let serverName) = side, let session = ctls_engine_take_session(engine) else {
            return
        }
        context.keep(session, for: serverName)
    }

    // MARK: Refusals

    /// There are too many handshakes: says so by an alert, internal_error, which any client understands.
    private func refuse() {
        handshakeHasEnded = true
        guard case .server = side else {
            failure = TLSError(.invalidInput, host: peer, "this is no name that a server can have")
            return
        }
        let error = TLSError(.tooManyHandshakes, host: peer, "there are too many handshakes at the same time")
        failure = error
        observer?.handshakeEnded(.failed(error))
        sendAtOnce([21, 3, 3, 0, 2, 2, 80])
    }

    private func refusePlainHTTP(_ bytes: UnsafeRawBufferPointer) {
        switch side {
        case .client:
            let isHTTP = bytes.starts(with: "HTTP/".utf8) || bytes.count < 5
            guard isHTTP else { return ctls_engine_feed(engine, bytes.baseAddress, bytes.count) }
            failure = TLSError(.plainHTTP, host: peer, "it speaks HTTP without TLS on this port")
        case .server(_, let prepared):
            failure = TLSError(.plainHTTP, host: peer, "it speaks HTTP without TLS")
            if prepared.answersPlainHTTP { sendAtOnce(Self.plainHTTPAnswer) }
        }
        endHandshake(failure as? TLSError)
    }

    private static let plainHTTPAnswer: [UInt8] = {
        let text = "This port speaks TLS: use https:// in place of http://.\n"
        let head = [
            "HTTP/1.1 400 Bad Request", "Content-Type: text/plain; charset=utf-8", "Content-Length: \(text.utf8.count)",
            "Connection: close", "", "",
        ]
        return Array((head.joined(separator: "\r\n") + text).utf8)
    }()

    /// Sends a few bytes without TLS, if the kernel has room, which it has on a connection where nothing was sent.
    private func sendAtOnce(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { stream.poller.send(stream.descriptor, $0) }
        shutdown(stream.descriptor, Int32(SHUT_WR))
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
}

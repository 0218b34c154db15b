import CTLS
import Glibc
import MartletLoop
import MartletNet

/// What the stream sends, in records and then to the socket.
extension TLSLayer {
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
        var status = CTLS_WANTS_INPUT
        if let engine { status = ctls_engine_write(engine, bytes.baseAddress, bytes.count, &count) }
        if status != CTLS_DONE || !handshakeHasEnded {
            // Nobody may be reading: the handshake goes on here.
            while status == CTLS_WANTS_INPUT, socketMayReceive, feed(atMost: Self.record) {
                flush()
                guard let engine else { break }
                status = ctls_engine_write(engine, bytes.baseAddress, bytes.count, &count)
            }
            if isEstablished { noteHandshake() }
            if let engine { ctls_engine_keep(engine) }
        }
        total += count
        guard status != CTLS_DONE else { return nil }
        if status != CTLS_WANTS_INPUT { fail() }
        flush()
        if total > 0 { return .moved(total) }
        if failure != nil { return .failed(EPROTO) }
        if let socketError { return .failed(socketError) }
        // Nothing else is worth to wait for.
        guard status == CTLS_WANTS_INPUT else { return .failed(EPIPE) }
        sendNeedsInput = true
        return .wouldBlock
    }

    private func sent(_ total: Int) -> Transfer {
        if total == 0, let socketError { return .failed(socketError) }
        return .moved(total)
    }

    /// Sends what the engine has, as far as the kernel takes it.
    func flush(moreComes: Bool = false) {
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

    func drop() {
        guard let engine else { return }
        ctls_engine_sent(engine, unsentBytes)
    }

    /// Has the engine do something, and sends what comes of it.
    func withEngine<Result>(_ body: (OpaquePointer) -> Result) -> Result? {
        defer { flush() }
        return engine.map { body($0) }
    }
}

import MartletHTTP
import MartletLoop
import MartletNet

/// The body on its way: read in pieces, or thrown away.
extension ClientConnection {
    /// The next bytes of the body; `nil` at its end.
    func nextPiece(of body: IncomingBody) async throws -> [UInt8]? {
        do {
            try await letOthersRun()
            while body.connection != nil {
                if let piece = try pieceAtHand() ?? receivePiece(body) { return piece }
                // The end may have come, and the connection may be another's now.
                if body.connection == nil { break }
                let deadline =
                    rules.betweenBytes.map { min(EventLoop.main.now + $0, exchange.deadline) } ?? exchange.deadline
                if !stream.mayReceive {
                    piecesInARow = 0
                    try await wait(until: deadline, .betweenBytes)
                }
            }
            guard body.isComplete else {
                throw failure(.connectionLost, "the connection was closed with the body unread")
            }
            return nil
        } catch {
            let error = closing(error)
            throw (error as? ExchangeFailure)?.error ?? error
        }
    }

    /// A server that is as fast as whoever reads is not to keep the loop from everyone else, nor a deadline or a cancellation
    /// from its task.
    private func letOthersRun() async throws {
        piecesInARow &+= 1
        guard piecesInARow >= 16 else { return }
        piecesInARow = 0
        await EventLoop.yield()
        try Task.checkCancellation()
        if exchange.deadline <= EventLoop.main.time() { throw timedOut(.total) }
    }

    /// What has come together with the head.
    private func pieceAtHand() throws -> [UInt8]? {
        guard !unread.isEmpty else { return nil }
        let bytes = unread
        unread = []
        // Data taken out of chunks has been counted.
        if framing != .chunked { try advance(bytes.count) }
        return bytes
    }

    /// Receives what is there: `nil` when it is nothing, or the end.
    private func receivePiece(_ body: IncomingBody) throws -> [UInt8]? {
        if case .length(let remaining) = framing, body.comesFast, remaining >= UInt64(Self.buffer.count) {
            return try receiveLargePiece(body)
        }
        switch stream.receive(into: Self.buffer) {
        case .moved(0):
            guard framing == .untilClose else { throw endedInBody() }
            finish(surplus: 0)
            return nil
        case .moved(let count):
            body.comesFast = count > Self.buffer.count / 2
            drainAllowance -= count
            let bytes = UnsafeRawBufferPointer(rebasing: Self.buffer[..<count])
            guard framing == .chunked else { return try take(bytes) }
            var data: [UInt8] = []
            data.reserveCapacity(count)
            let trailers = TrailerBox()
            if try decode(bytes, into: &data, trailers) { body.trailers = trailers.fields }
            return data.isEmpty ? nil : data
        case .wouldBlock: return nil
        case .failed(let code):
            throw lost("the connection failed in the middle of the body from", code, isUnsent: false)
        }
    }

    /// Receives straight into the array that is handed out.
    private func receiveLargePiece(_ body: IncomingBody) throws -> [UInt8]? {
        var transfer = Transfer.wouldBlock
        var piece = [UInt8](unsafeUninitializedCapacity: Self.buffer.count) { room, count in
            transfer = stream.receive(into: UnsafeMutableRawBufferPointer(room))
            if case .moved(let moved) = transfer { count = moved }
        }
        switch transfer {
        case .moved(0): throw endedInBody()
        case .moved(let count):
            body.comesFast = count > Self.buffer.count / 2
            drainAllowance -= count
            // Little in much memory is copied, so that whoever keeps it keeps no more.
            if !body.comesFast { piece = piece.withUnsafeBytes { [UInt8]($0) } }
            try advance(count)
            return piece
        case .wouldBlock: return nil
        case .failed(let code):
            throw lost("the connection failed in the middle of the body from", code, isUnsent: false)
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        guard case .length(let remaining) = framing, UInt64(bytes.count) > remaining else {
            let piece = [UInt8](bytes)
            try advance(piece.count)
            return piece
        }
        let piece = [UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<Int(remaining)]))
        finish(surplus: bytes.count - piece.count)
        return piece
    }

    /// So many more bytes of a body without chunks have come.
    private func advance(_ count: Int) throws {
        switch framing {
        case .length(let remaining):
            framing = .length(remaining - UInt64(count))
            if remaining == UInt64(count) { finish(surplus: 0) }
        default:
            guard UInt64(count) <= allowance else { throw bodyTooLarge() }
            allowance -= UInt64(count)
        }
    }

    // MARK: Dropping it

    /// Reads a small rest and throws it away, without a task.
    func abandon(_ body: IncomingBody) {
        guard state == .busy else { return }
        drainAllowance = rules.limits.drain
        if case .length(let remaining) = framing, remaining > UInt64(drainAllowance) { return close() }
        guard framing != .untilClose, upload?.isDone != false else { return close() }
        state = .draining
        drainDeadline = min(EventLoop.main.now + .seconds(1), exchange.deadline)
        drain(.ready)
    }

    func drain(_ wait: ByteStream.Wait) {
        guard wait != .timedOut, let body = incoming else { return close() }
        do {
            while body.connection != nil {
                let piece = try pieceAtHand() ?? receivePiece(body)
                // Counted as it is received, for chunks may have nothing in them.
                if drainAllowance < 0, body.connection != nil { return close() }
                if piece == nil, body.connection != nil, !stream.mayReceive {
                    return stream.park(self, until: drainDeadline)
                }
            }
        } catch {
            // Nobody is there to be told: what comes here was not wanted.
            close()
        }
    }
}

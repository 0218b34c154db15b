import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet

/// The request on its way.
extension ClientConnection {
    /// Sends as much of the request as the kernel takes at once; what is left is sent by `upload` meanwhile.
    func send(_ request: borrowing HTTPClientRequest) throws {
        upload = nil
        pool.output.removeAll(keepingCapacityUpTo: 64 << 10)
        let body = request.body.content
        var framing = RequestHead.Framing.none
        switch body {
        case .none:
            switch request.method {
            case .post, .put, .patch: framing = .length(0)
            default: break
            }
        case .bytes(let bytes): framing = .length(UInt64(bytes.count))
        case .text(let text): framing = .length(UInt64(text.utf8.count))
        case .stream(let length?, _, _): framing = .length(length)
        case .stream(nil, _, _): framing = .chunked
        }
        pool.head.append(
            request, framing: framing, isForwarded: isForwarding, proxyAuthorization: proxyAuthorization,
            to: &pool.output)
        let waits = request.expectsContinue
        switch body {
        case .none: try sendAtOnce(nil, waits: false)
        case .text(let text):
            if waits {
                try sendAtOnce(.bytes(Array(text.utf8)), waits: true)
            } else {
                pool.output.append(utf8: text)
                try sendAtOnce(nil, waits: false)
            }
        case .bytes(let bytes):
            if waits || bytes.count > RequestUpload.largest {
                try sendAtOnce(bytes.isEmpty ? nil : .bytes(bytes), waits: waits && !bytes.isEmpty)
            } else {
                pool.output.append(contentsOf: bytes)
                try sendAtOnce(nil, waits: false)
            }
        case .stream(let length, _, let write):
            try sendAtOnce(.stream(length: length, write), waits: waits)
        }
    }

    private func sendAtOnce(_ body: RequestUpload.Body?, waits: Bool) throws {
        var rest: [UInt8] = []
        let bytes = pool.output.readableBytes
        switch stream.send(bytes, moreComes: false) {
        case .moved(let count):
            if count < bytes.count { rest = [UInt8](bytes[count...]) }
        case .wouldBlock: rest = [UInt8](bytes)
        case .failed(let code): throw lost("the request cannot be sent to", code, isUnsent: true)
        }
        guard !rest.isEmpty || body != nil else { return }
        let upload = RequestUpload(self, head: rest, body: body, waits: waits)
        self.upload = upload
        upload.start()
    }

    /// Until when the head of the response has to be there: its time begins when the request has been sent.
    var headDeadline: EventLoop.Instant {
        guard let firstByte = rules.firstByte, let sentAt else { return exchange.deadline }
        return min(sentAt + firstByte, exchange.deadline)
    }

    /// The last of the request has been sent, or the server takes no more of it.
    func uploadEnded() {
        sentAt = EventLoop.main.now
        if state == .busy, waiter != nil, incoming == nil { stream.park(self, until: headDeadline) }
    }

    /// Waits until the server says that it wants the body, or has said nothing for a while.
    ///
    /// - Returns: the response, when it comes without the body.
    func consent(to upload: RequestUpload) async throws -> HTTPClientResponse? {
        let deadline = min(EventLoop.main.now + rules.expectContinue, exchange.deadline)
        do {
            return try await readHead(consentUntil: deadline)
        } catch let failure as ExchangeFailure where failure.error.phase == .firstByte {
            upload.consent()
            return nil
        }
    }
}

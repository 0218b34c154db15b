import HTTPTypes
import MartletHTTP
import MartletLoop

/// From a handler's response to bytes in the output, and what follows from it for the connection.
extension HTTPConnection {
    /// Appends the answer, or the head of a streamed one, to the output. `nil` when the next request can be taken at
    /// once.
    func conclude(_ exchange: Exchange, with response: borrowing Response) -> Step? {
        var keepsAlive = exchange.parser.isKeepAlive && !isReadingBody && settlesBody() && !isLastWhileDraining
        if !response.body.isWhole {
            switch response.body {
            case .upgrade(let upgrade):
                return begin(upgrade, fields: response.fields, exchange)
            case .stream(let length, let produce) where exchange.parser.method != .head:
                guard isFinal(response.status.code) else { break }
                let framing = framing(of: response.status.code, length: length, exchange)
                // An HTTP/1.0 client knows no chunks: the end of the connection is the end of the body.
                keepsAlive = keepsAlive && framing != .close
                append(response, to: exchange, keepsAlive: keepsAlive)
                return .streamBody(produce, exchange, framing: framing, keepsAlive: keepsAlive)
            default:
                break
            }
        }
        guard isFinal(response.status.code) else {
            return conclude(exchange, with: server.refuses(response.status, of: exchange))
        }
        append(response, to: exchange, keepsAlive: keepsAlive)
        finish(exchange)
        guard keepsAlive else { return .close }
        if body != .finished { return .discardBody }
        if let pendingOutput, pendingOutput.isLarge { return sendsAtOnce() ? .letOthersRun : .flush }
        return nil
    }

    /// Whether a status can end an exchange.
    private func isFinal(_ status: Int) -> Bool { (200...999).contains(status) }

    private func framing(of status: Int, length: UInt64?, _ exchange: Exchange) -> ResponseBodyWriter.Framing {
        if ResponseSerializer.forbidsBody(status) { return .forbidden }
        if let length { return .length(length) }
        guard exchange.parser.minorVersion > 0 else { return .close }
        return .chunked(sendsTrailers: exchange.acceptsTrailers)
    }

    /// Says 101, after which the connection is no HTTP any more; or why not.
    private func begin(_ upgrade: ProtocolUpgrade, fields: HTTPFields, _ exchange: Exchange) -> Step? {
        guard body == .finished, Request(exchange: exchange).asksForUpgrade(to: upgrade.name) else {
            return conclude(exchange, with: server.response(to: upgrade.required, of: exchange))
        }
        append(upgrade.response(with: fields), to: exchange, keepsAlive: true)
        return .upgrade(upgrade, exchange)
    }

    /// The answer is complete.
    func finish(_ exchange: Exchange) {
        exchange.end()
        answered &+= 1
        phase = input == nil ? .idle : .receiving
    }

    /// The answers that there are leave now, if they have not left already: records how long they took, and from here on
    /// the client is waited for. Requests that were pipelined share one look at the clock, which would cost a tenth of
    /// what they take.
    func answersLeave() {
        guard answered > 0 else { return }
        let now = EventLoop.Instant.readClock()
        deadline = now + (phase == .receiving ? server.headTimeout : server.idleTimeout)
        server.latency.record(nanoseconds: now.nanoseconds &- start.nanoseconds, count: UInt64(answered))
        answered = 0
    }

    /// While draining, the last request that has arrived is answered with `Connection: close`; those that were
    /// pipelined with it get their answers first.
    private var isLastWhileDraining: Bool {
        server.isDraining && (input == nil || body != .finished)
    }

    func append(_ response: borrowing Response, to exchange: Exchange, keepsAlive: Bool) {
        server.serializer.append(
            response, isOld: exchange.parser.minorVersion == 0, isHead: exchange.parser.method == .head,
            keepsAlive: keepsAlive, into: output)
        server.count(status: response.status.code)
    }

    /// Appends the answer to something that is no request.
    func appendRefusal(_ response: borrowing Response) {
        server.serializer.append(response, isOld: false, isHead: false, keepsAlive: false, into: output)
        server.count(status: response.status.code)
    }
}

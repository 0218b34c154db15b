import MartletHTTP
import MartletLoop
import MartletNet

/// The head of the response.
extension ClientConnection {
    private static let mostInterimResponses = 16

    private enum Parsed {
        case response(HTTPClientResponse)
        /// More has to come behind what begins there.
        case more(from: Int)
    }

    /// Reads the head of the final response.
    ///
    /// - Parameter consentDeadline: until when `100 Continue` is waited for, which ends it, too, with no response; `nil` when
    ///   it does not.
    func readHead(consentUntil consentDeadline: EventLoop.Instant? = nil) async throws -> HTTPClientResponse? {
        let endsAtConsent = consentDeadline != nil
        while true {
            if !unread.isEmpty {
                let bytes = unread
                switch try bytes.withUnsafeBytes({ try parse($0) }) {
                case .response(let response): return response
                case .more(let start): if start > 0 { unread = [UInt8](bytes[start...]) }
                }
            }
            if endsAtConsent, hasConsent { return nil }
            switch stream.receive(into: Self.buffer) {
            case .moved(0): throw ended()
            case .moved(let count):
                hasReceivedAny = true
                let bytes = UnsafeRawBufferPointer(rebasing: Self.buffer[..<count])
                guard unread.isEmpty else {
                    unread.append(contentsOf: bytes)
                    continue
                }
                switch try parse(bytes) {
                case .response(let response): return response
                case .more(let start): unread = [UInt8](bytes[start...])
                }
                if endsAtConsent, hasConsent { return nil }
            case .wouldBlock:
                try await wait(until: consentDeadline ?? headDeadline, .firstByte)
            case .failed(let code):
                throw lost("the connection failed while waiting for the response of", code, isUnsent: false)
            }
        }
    }

    /// Goes on with the head that `bytes` begins with, behind interim responses.
    private func parse(_ bytes: UnsafeRawBufferPointer) throws -> Parsed {
        var start = 0
        while start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let progress: HTTP1Progress
            do throws(HTTP1Error) {
                progress = try parser.parse(rest.bindMemory(to: UInt8.self).span)
            } catch {
                throw malformed(error)
            }
            guard case .complete(let length) = progress else { break }
            guard parser.isInterim else { return .response(try response(rest, headLength: length)) }
            interimResponses += 1
            guard interimResponses <= Self.mostInterimResponses else {
                throw failure(.malformedResponse, "the server sends interim responses without end")
            }
            if parser.status == 100 {
                hasConsent = true
                upload?.consent()
            }
            parser.reset(requestMethod: exchange.method)
            start += length
        }
        return .more(from: start)
    }

    private func response(_ bytes: UnsafeRawBufferPointer, headLength: Int) throws -> HTTPClientResponse {
        let head = ResponseHead(
            parsed: [UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<headLength])), minorVersion: parser.minorVersion,
            mayBeEncoded: parser.fields.firstValue(
                of: "content-encoding", in: bytes.bindMemory(to: UInt8.self).span) != nil)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[headLength...])
        let status = parser.status
        guard status != 101 else {
            throw failure(.malformedResponse, "the server switches to a protocol that it was not asked for")
        }
        var response = HTTPClientResponse(
            url: exchange.url, code: status, head: head, body: HTTPClientResponseBody(try body(rest)))
        response.isToHead = exchange.method == .head
        return response
    }
}

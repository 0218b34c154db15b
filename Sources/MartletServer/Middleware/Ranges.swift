import Glibc
import HTTPTypes
import MartletHTTP

/// Answering with the parts that a client asks for (RFC 9110 §14).
extension Response {
    /// The parts of this response that a request asks for: 206 with one or several of them, 416 when it has none of
    /// them, and itself, saying that parts can be had, where none are asked for.
    ///
    /// Set ``entityTag`` or ``lastModified`` before, so that a client that has a part of another state gets all
    /// (If-Range). Only bodies in memory have parts; for others there is the form that takes a length.
    public func satisfyingRange(of request: Request) -> Response {
        let bytes: [UInt8]
        switch body {
        case .bytes(let whole): bytes = whole
        case .text(let text): bytes = Array(text.utf8)
        case .none, .stream, .upgrade: return self
        }
        return satisfying(request, length: UInt64(bytes.count)) { range, writer in
            try await writer.write(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        } whole: { response in
            response.body = .bytes(bytes)
        } one: { range, response in
            response.body = .bytes(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
    }

    /// The parts of a body that is made while it is sent: see ``satisfyingRange(of:)``. The body of this response is
    /// not looked at.
    ///
    /// - Parameters:
    ///   - request: what is asked for.
    ///   - length: how many bytes the whole body has.
    ///   - write: writes the bytes of a range; is called once for each part.
    public func satisfyingRange(
        of request: Request, length: UInt64,
        write: @escaping @MainActor @Sendable (Range<UInt64>, ResponseBodyWriter) async throws -> Void
    ) -> Response {
        satisfying(request, length: length, write: write) { response in
            response.body = .stream(length: length) { writer in
                if length > 0 { try await write(0..<length, writer) }
            }
        } one: { range, response in
            response.body = .stream(length: range.upperBound - range.lowerBound) { writer in
                try await write(range, writer)
            }
        }
    }

    private func satisfying(
        _ request: Request, length: UInt64,
        write: @escaping @MainActor @Sendable (Range<UInt64>, ResponseBodyWriter) async throws -> Void,
        whole: (inout Response) -> Void, one: (Range<UInt64>, inout Response) -> Void
    ) -> Response {
        var response = self
        response.fields[.acceptRanges] = "bytes"
        guard status == .ok, let resolution = resolution(of: request, length: length) else {
            whole(&response)
            return response
        }
        switch resolution {
        case .full:
            whole(&response)
        case .unsatisfiable:
            response.status = .rangeNotSatisfiable
            response.contentType = nil
            response.body = .none
            response.fields[.contentRange] = ContentRange.unsatisfied(length: length).description
        case .partial(let ranges) where ranges.count == 1:
            response.status = .partialContent
            response.fields[.contentRange] = ContentRange(ranges[0], of: length).description
            one(ranges[0], &response)
        case .partial(let ranges):
            let parts = MultipartByteRanges(ranges, of: length, contentType: contentType)
            response.status = .partialContent
            response.contentType = parts.contentType
            response.body = .stream(length: parts.contentLength) { writer in
                for part in parts.parts {
                    try await writer.write(part.head)
                    try await write(part.range, writer)
                }
                try await writer.write(parts.end)
            }
        }
        return response
    }

    /// `nil` when the request's Range is to be ignored, or there is none.
    private func resolution(of request: Request, length: UInt64) -> RangeRequest.Resolution? {
        guard request.exchange.parser.method == .get, request.has(.range),
            let ranges = request[.range].flatMap({ RangeRequest($0) })
        else { return nil }
        if let condition = request[.ifRange] {
            // Within its second, a date may stand for two states (RFC 9110 §8.8.2.2).
            let date = lastModified.flatMap { $0.unixTime < Int64(time(nil)) - 1 ? $0 : nil }
            guard IfRange(condition).matches(tag: entityTag, lastModified: date) else { return nil }
        }
        return ranges.resolve(length: length)
    }
}

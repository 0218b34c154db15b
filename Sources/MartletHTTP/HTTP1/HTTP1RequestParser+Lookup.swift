import HTTPTypes

extension HTTP1RequestParser {
    /// The method as swift-http-types has it, of a head that is ``HTTP1Progress/complete(length:)``.
    public func makeMethod(in bytes: Span<UInt8>) -> HTTPRequest.Method {
        // Methods were parsed as tokens, so the initialiser does not fail.
        method.httpMethod ?? HTTPRequest.Method(rawValue: String(methodName, in: bytes)) ?? .get
    }
}

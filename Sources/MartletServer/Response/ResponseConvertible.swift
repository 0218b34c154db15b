/// What a handler may return: text, bytes, ``JSON``, a ``Response``, or a type of the application's own that says how
/// it is answered.
public nonisolated protocol ResponseConvertible {
    /// The response that stands for this value.
    ///
    /// - Throws: what keeps it from being one, such as a value that cannot be encoded; it is answered as if the handler
    ///   threw it.
    func response() throws -> Response
}

extension Response: ResponseConvertible {
    /// Itself.
    @inlinable
    public nonisolated func response() -> Response { self }
}

extension String: ResponseConvertible {
    /// 200 with the text.
    public nonisolated func response() -> Response { Response(text: self) }
}

extension Substring: ResponseConvertible {
    /// 200 with the text.
    public nonisolated func response() -> Response { Response(text: String(self)) }
}

extension [UInt8]: ResponseConvertible {
    /// 200 with the bytes. A handler that returns the literal `[1, 2]` answers these two bytes; for JSON it says
    /// `JSON([1, 2])`.
    public nonisolated func response() -> Response { Response(bytes: self) }
}

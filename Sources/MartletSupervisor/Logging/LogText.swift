/// Shortens text without leaving half a scalar at its end.
nonisolated enum LogText {
    /// The longest beginning that has at most this many bytes.
    static func prefix(_ text: String, bytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var bytes = Array(text.utf8.prefix(limit + 1))
        cut(&bytes, to: limit)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Cuts UTF-8 off after at most this many bytes.
    static func cut(_ bytes: inout [UInt8], to limit: Int) {
        guard bytes.count > limit else { return }
        var end = limit
        while end > 0, UTF8.isContinuation(bytes[end]) { end -= 1 }
        bytes.removeLast(bytes.count - end)
    }
}

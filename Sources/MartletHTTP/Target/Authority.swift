/// Host and port as Host and absolute targets carry them: `uri-host [ ":" port ]`, RFC 9110 §7.2.
enum Authority {
    /// Whether `range` is one: a registered name, an IPv4 address or an IPv6 address in brackets, then perhaps a port.
    ///
    /// User information (`user@`) is refused, RFC 9110 §4.2.4, and so are IPvFuture and zone identifiers.
    /// The empty authority is valid: RFC 9112 §3.2 has clients send it when the target has none.
    @inline(__always)
    static func isValid(_ range: ByteRange, in bytes: Span<UInt8>) -> Bool {
        let end = Int(range.end)
        var i = Int(range.start)
        precondition(end <= bytes.count)
        while i < end, ByteClass.of(bytes[unchecked: i]) & ByteClass.host != 0 { i &+= 1 }
        if i < end, bytes[unchecked: i] != ASCII.colon {
            guard let close = endOfRareHost(bytes, from: Int(range.start), plainUntil: i, to: end) else { return false }
            i = close
        }
        return i == end || isPort(bytes, from: i, to: end)
    }

    /// The offset behind a host that is an address in brackets, or a name with escapes.
    @inline(never)
    private static func endOfRareHost(
        _ bytes: Span<UInt8>, from start: Int, plainUntil stop: Int, to end: Int
    ) -> Int? {
        bytes[start] == ASCII.leftBracket
            ? endOfAddress(bytes, from: start + 1, to: end) : endOfName(bytes, from: stop, to: end)
    }

    /// The offset behind the bracket that closes an IPv6 address.
    private static func endOfAddress(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var i = start
        var colons = 0
        while i < end, bytes[i] != ASCII.rightBracket {
            let byte = bytes[i]
            guard ByteClass.of(byte) & ByteClass.hexDigit != 0 || byte == ASCII.colon || byte == ASCII.dot else {
                return nil
            }
            if byte == ASCII.colon { colons += 1 }
            i += 1
        }
        guard i < end, colons >= 2, i - start <= 45 else { return nil }
        return i + 1
    }

    /// The offset behind a registered name: of the colon before a port, or the end.
    private static func endOfName(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var i = start
        while true {
            while i < end, ByteClass.of(bytes[unchecked: i]) & ByteClass.host != 0 { i &+= 1 }
            if i == end || bytes[unchecked: i] == ASCII.colon { return i }
            guard bytes[unchecked: i] == ASCII.percent, PercentEncoding.escape(in: bytes, at: i, to: end) != nil else {
                return nil
            }
            i &+= 3
        }
    }

    /// Whether `:` and at most five digits fill `start..<end`.
    @inline(__always)
    private static func isPort(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        guard bytes[unchecked: start] == ASCII.colon, end - start <= 6 else { return false }
        var i = start &+ 1
        while i < end {
            guard ASCII.isDigit(bytes[unchecked: i]) else { return false }
            i &+= 1
        }
        return true
    }
}

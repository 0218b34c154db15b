import Glibc

/// IP addresses as text, read strictly and written in one way.
enum IPText {
    /// `192.0.2.1`.
    static func ipv4(_ address: UInt32) -> String {
        text(of: address.bigEndian, AF_INET)
    }

    /// `2001:db8::1`, RFC 5952 §4: lower case, no leading zeros, the first of the longest runs of zeros as `::`.
    static func ipv6(_ address: UInt128) -> String {
        text(of: address.bigEndian, AF_INET6)
    }

    /// Four decimal numbers of 0 to 255 without leading zeros.
    static func ipv4(_ text: Substring) -> UInt32? {
        number(in: text, AF_INET).map(UInt32.init(bigEndian:))
    }

    /// The forms of RFC 4291 §2.2, without a zone.
    static func ipv6(_ text: Substring) -> UInt128? {
        number(in: text, AF_INET6).map(UInt128.init(bigEndian:))
    }

    /// A decimal number without sign and leading zeros.
    static func decimal<T: FixedWidthInteger>(_ text: Substring) -> T? {
        guard text.utf8.allSatisfy(ASCII.isDigit), text.utf8.first != ASCII.zero || text.utf8.count == 1 else {
            return nil
        }
        return T(text)
    }

    /// `Number` is as long as addresses of the family are, which is what inet_pton writes.
    private static func number<Number: FixedWidthInteger>(in text: Substring, _ family: Int32) -> Number? {
        var number: Number = 0
        // C would take the text to end there.
        guard !text.utf8.contains(0), text.withCString({ inet_pton(family, $0, &number) }) == 1 else { return nil }
        return number
    }

    private static func text(of number: some FixedWidthInteger, _ family: Int32) -> String {
        var number = number
        // Room for the longest address and the NUL behind it.
        return String(unsafeUninitializedCapacity: Int(INET6_ADDRSTRLEN)) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                guard inet_ntop(family, &number, text.baseAddress, socklen_t(text.count)) != nil else { return 0 }
                return text.firstIndex(of: 0) ?? 0
            }
        }
    }
}

/// The cookies of a request, RFC 6265 §4.2 and §5.4, in the order in which the client sent them.
///
/// Read as tolerantly as browsers send: a pair without `=` or with an empty name is skipped, and names and values may
/// have characters that Set-Cookie may not.
public struct Cookies: Sendable {
    /// More cookies than this are not looked at; browsers keep 180 for a site.
    public static let maximumCount = 256

    /// A name and its value.
    public struct Cookie: Hashable, Sendable {
        /// The name; it has case.
        public let name: String
        /// The value, without the quotes if it is quoted. Nothing else is decoded.
        public let value: String
    }

    private var cookies: [Cookie] = []

    /// Reads the values of a request's Cookie fields. HTTP/2 may send one for each cookie (RFC 9113 §8.2.3); do not
    /// join them with commas, which may stand in values.
    public init(_ fields: some Sequence<String>) {
        for field in fields { append(field) }
    }

    /// Reads the value of a request's Cookie field; nil when it has none.
    public init(_ field: String?) {
        if let field { append(field) }
    }

    private mutating func append(_ field: String) {
        var reader = FieldReader(field)
        while !reader.isAtEnd, cookies.count < Self.maximumCount {
            var pair = FieldReader(reader.take { $0 != ASCII.semicolon })
            _ = reader.skip(ASCII.semicolon)
            let name = pair.take { $0 != ASCII.equals }.trimmed
            guard !name.isEmpty, pair.skip(ASCII.equals) else { continue }
            cookies.append(Cookie(name: String(name), value: Self.unquoted(Substring(pair.rest).trimmed)))
        }
    }

    private static func unquoted(_ value: Substring) -> String {
        let bytes = value.utf8
        guard bytes.count >= 2, bytes.first == ASCII.quote, bytes.last == ASCII.quote else { return String(value) }
        return String(Substring(bytes.dropFirst().dropLast()))
    }

    /// The value of the first cookie called `name`; nil when there is none.
    ///
    /// Of cookies with the same name, browsers send the one with the longest path first.
    public subscript(name: String) -> String? {
        cookies.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}

extension Cookies: RandomAccessCollection {
    /// The position of the first cookie.
    public var startIndex: Int { 0 }
    /// The position behind the last.
    public var endIndex: Int { cookies.count }

    /// The cookie at a position.
    public subscript(position: Int) -> Cookie { cookies[position] }
}

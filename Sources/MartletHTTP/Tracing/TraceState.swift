/// The value of tracestate, W3C Trace Context §3.3: what tracing systems want passed on, the latest first.
public struct TraceState: Hashable, Sendable {
    /// More members than this make the field invalid.
    public static let maximumCount = 32
    /// What is passed on has this many bytes at most.
    public static let maximumLength = 512

    /// The members, `key=value` each, as they are passed on.
    public let members: [String]

    /// Reads a value; the values of several fields are joined by commas, in their order.
    ///
    /// Nil when it is to be dropped: it is malformed, has a key twice or more than ``maximumCount`` members, or none.
    /// From one longer than ``maximumLength`` members are taken as the specification has it: first those of more than
    /// 128 bytes, then from the end.
    public init?(_ field: String) {
        var members: [Substring] = []
        var keys: Set<Substring> = []
        for member in FieldReader(field).rest.split(separator: ASCII.comma).lazy.map({ Substring($0).trimmed })
        where !member.isEmpty {
            guard members.count < Self.maximumCount, let key = Self.key(of: member), keys.insert(key).inserted else {
                return nil
            }
            members.append(member)
        }
        var length = members.reduce(-1) { $0 + $1.utf8.count + 1 }
        for index in members.indices.reversed() where length > Self.maximumLength && members[index].utf8.count > 128 {
            length -= members.remove(at: index).utf8.count + 1
        }
        while length > Self.maximumLength, let last = members.popLast() { length -= last.utf8.count + 1 }
        if members.isEmpty { return nil }
        self.members = members.map(String.init)
    }

    /// Nil when the member is malformed.
    private static func key(of member: Substring) -> Substring? {
        var reader = FieldReader(member)
        let key = reader.take(while: isKeyByte)
        guard (1...256).contains(key.utf8.count),
            key.utf8.first.map({ ASCII.isLetter($0) || ASCII.isDigit($0) }) == true,
            reader.skip(ASCII.equals), (1...256).contains(reader.rest.count),
            reader.rest.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != ASCII.equals })
        else { return nil }
        return key
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        (ASCII.isLetter(byte) && byte == ASCII.lowercased(byte)) || ASCII.isDigit(byte) || byte == ASCII.underscore
            || byte == ASCII.hyphen || byte == ASCII.asterisk || byte == ASCII.slash || byte == UInt8(ascii: "@")
    }
}

extension TraceState: CustomStringConvertible {
    /// The field value.
    public var description: String { members.joined(separator: ",") }
}

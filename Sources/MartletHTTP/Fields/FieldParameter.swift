/// One `name=value` behind a semicolon or, in a challenge, a comma: RFC 9110 §5.6.6.
public struct FieldParameter: Hashable, Sendable {
    /// The name, in lower case: names are compared without case.
    public let name: String
    /// The value, without quotes and escapes.
    public let value: String

    /// A parameter; nil when the name is not a token or the value has control characters, which would split the field.
    public init?(_ name: String, _ value: String) {
        guard name.isToken, !value.utf8.contains(where: ASCII.isControl) else { return nil }
        self.init(known: name.lowercased(), value)
    }

    /// A parameter whose name is a token in lower case.
    init(known name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension FieldParameter: CustomStringConvertible {
    /// `name=value`, the value quoted if it is not a token.
    public var description: String {
        name + "=" + (value.isToken ? value : FieldParameter.quoted(value))
    }

    /// `text` as a quoted string, RFC 9110 §5.6.4. Control characters, which it cannot hold, become spaces.
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [ASCII.quote]
        bytes.reserveCapacity(text.utf8.count + 2)
        for byte in text.utf8 {
            if byte == ASCII.quote || byte == ASCII.backslash { bytes.append(ASCII.backslash) }
            bytes.append(ASCII.isControl(byte) ? ASCII.space : byte)
        }
        bytes.append(ASCII.quote)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension FieldReader {
    /// The parameters that are left, each behind a semicolon; nil when one is malformed or there are more than 16.
    mutating func parameters() -> [FieldParameter]? {
        var parameters: [FieldParameter] = []
        skipBlanks()
        while !isAtEnd {
            guard skip(ASCII.semicolon) else { return nil }
            skipBlanks()
            if isAtEnd || next == ASCII.semicolon { continue }
            guard let name = token(), skip(ASCII.equals), let value = tokenOrQuotedString(), parameters.count < 16,
                let parameter = FieldParameter(String(name), value)
            else { return nil }
            parameters.append(parameter)
            skipBlanks()
        }
        return parameters
    }
}

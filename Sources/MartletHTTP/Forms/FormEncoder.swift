/// Writes `application/x-www-form-urlencoded`, as the WHATWG URL standard §5.2 has browsers do.
///
///     FormEncoder.encode([("q", "fish & chips"), ("page", "2")])    // "q=fish+%26+chips&page=2"
public enum FormEncoder {
    /// Names and values, escaped and joined.
    public static func encode(_ items: [(String, String)]) -> String {
        encode(QueryParameters(items.lazy.map { QueryParameter(name: $0.0, value: $0.1) }))
    }

    /// The parameters, escaped and joined.
    public static func encode(_ parameters: QueryParameters) -> String {
        var output: [UInt8] = []
        for parameter in parameters {
            if !output.isEmpty { output.append(ASCII.ampersand) }
            append(parameter.name, to: &output)
            output.append(ASCII.equals)
            append(parameter.value, to: &output)
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func append(_ text: String, to output: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case ASCII.space: output.append(ASCII.plus)
            case ASCII.asterisk, ASCII.hyphen, ASCII.dot, ASCII.underscore: output.append(byte)
            default:
                if ASCII.isDigit(byte) || ASCII.isLetter(byte) {
                    output.append(byte)
                } else {
                    output += [ASCII.percent, hexDigit(byte >> 4), hexDigit(byte & 15)]
                }
            }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 0x30 : value + 0x37 }
}

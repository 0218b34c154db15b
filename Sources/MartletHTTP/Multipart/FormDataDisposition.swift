/// The value of Content-Disposition in a part of a form, RFC 7578 §4.2.
struct FormDataDisposition {
    let name: String
    let filename: String?

    /// Reads the value; 400 when it is not UTF-8, not `form-data`, or has no name or more than one.
    init(_ value: ByteRange, in bytes: Span<UInt8>) throws(HTTP1Error) {
        let text = bytes.extracting(value.range).withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
        guard let text else { throw HTTP1Error(.multipart, "the Content-Disposition of a part is not UTF-8") }
        var reader = FieldReader(text)
        guard let type = reader.token(), type.lowercased() == "form-data" else {
            throw HTTP1Error(.multipart, "the Content-Disposition of a part is not form-data")
        }
        var name: String?
        var filename: String?
        reader.skipBlanks()
        while !reader.isAtEnd {
            guard reader.skip(ASCII.semicolon) else { throw Self.malformed }
            reader.skipBlanks()
            if reader.isAtEnd || reader.next == ASCII.semicolon { continue }
            guard let parameter = reader.token(), reader.skip(ASCII.equals), let value = reader.formText() else {
                throw Self.malformed
            }
            reader.skipBlanks()
            switch parameter.lowercased() {
            case "name":
                guard name == nil else { throw HTTP1Error(.multipart, "a part has two names") }
                name = value
            case "filename":
                guard filename == nil else { throw HTTP1Error(.multipart, "a part has two file names") }
                filename = value
            // Among them `filename*`, which must not be used in forms.
            default: break
            }
        }
        guard let name else { throw HTTP1Error(.multipart, "a part has no name") }
        self.name = name
        self.filename = filename
    }

    private static let malformed = HTTP1Error(
        .multipart, "the parameters of Content-Disposition are not name=value or name=\"value\" behind semicolons")
}

extension FieldReader {
    /// Takes a token, or a quoted string as forms have it: browsers escape a quote and line ends as `%22`, `%0D` and
    /// `%0A` (WHATWG HTML §4.10.21.8) and leave backslashes as they are, others write `\"` and `\\`.
    fileprivate mutating func formText() -> String? {
        guard skip(ASCII.quote) else { return token().map(String.init) }
        var text: [UInt8] = []
        while let byte = next {
            if skip(ASCII.quote) { return String(decoding: text, as: UTF8.self) }
            _ = skip(byte)
            if byte == ASCII.backslash, let escaped = next, escaped == ASCII.quote || escaped == ASCII.backslash {
                _ = skip(escaped)
                text.append(escaped)
            } else if byte == ASCII.percent, let escaped = formEscape() {
                text.append(escaped)
            } else {
                text.append(byte)
            }
        }
        return nil
    }

    /// Takes what follows the `%` of one of the three escapes.
    private mutating func formEscape() -> UInt8? {
        let digits = rest.prefix(2)
        let escaped: UInt8
        switch Substring(digits).lowercased() {
        case "22": escaped = ASCII.quote
        case "0d": escaped = ASCII.carriageReturn
        case "0a": escaped = ASCII.lineFeed
        default: return nil
        }
        for digit in digits { _ = skip(digit) }
        return escaped
    }
}

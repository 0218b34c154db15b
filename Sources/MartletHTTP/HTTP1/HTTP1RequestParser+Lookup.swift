import HTTPTypes

/// Finding fields in a head that is ``HTTP1Progress/complete(length:)``, in the bytes that were parsed.
extension HTTP1RequestParser {
    /// The value of the first field of that name, given in lower case: `"accept-encoding"`; nil when there is none.
    /// Allocates nothing.
    @inlinable
    public func firstValue(of name: StaticString, in bytes: Span<UInt8>) -> ByteRange? {
        for field in fields where bytes.equals(field.name, lowercased: name) {
            return field.value
        }
        return nil
    }

    /// The value of the first field of that name, in any case; nil when there is none. Allocates nothing.
    public func firstValue(of name: Span<UInt8>, in bytes: Span<UInt8>) -> ByteRange? {
        for field in fields where bytes.equals(field.name, ignoringCaseOf: name) {
            return field.value
        }
        return nil
    }

    /// The value of the first field of that name; nil when there is none.
    public func firstValue(of name: HTTPField.Name, in bytes: Span<UInt8>) -> ByteRange? {
        firstValue(of: name.canonicalName.utf8.span, in: bytes)
    }

    /// All fields as swift-http-types has them: a copy, made on demand.
    public func makeFields(in bytes: Span<UInt8>) -> HTTPFields {
        var result = HTTPFields()
        result.reserveCapacity(fields.count)
        for field in fields {
            // Field names were parsed as tokens, so the initialiser does not fail.
            guard let name = HTTPField.Name(String(field.name, in: bytes)) else { continue }
            let value = bytes.extracting(field.value.range)
            result.append(value.withUnsafeBufferPointer { HTTPField(name: name, value: $0) })
        }
        return result
    }

    /// The method as swift-http-types has it.
    public func makeMethod(in bytes: Span<UInt8>) -> HTTPRequest.Method {
        // Methods were parsed as tokens, so the initialiser does not fail.
        method.httpMethod ?? HTTPRequest.Method(rawValue: String(methodName, in: bytes)) ?? .get
    }
}

import HTTPTypes

/// The field lines of a head, in the order they were sent: offsets into the bytes that were parsed.
///
/// Clearing it touches no memory and keeps what is there for the next head, so that a request allocates nothing.
public struct HTTP1FieldTable: RandomAccessCollection, Sendable {
    /// The first `count` are those of this head, the rest of earlier ones.
    @usableFromInline var slots: [HTTP1Field] = []
    /// The number of fields.
    public private(set) var count = 0

    /// 0.
    @inlinable public var startIndex: Int { 0 }
    /// ``count``.
    @inlinable public var endIndex: Int { count }

    /// The field at a place from 0 on, less than ``count``.
    @inlinable
    public subscript(position: Int) -> HTTP1Field {
        precondition(position < count, "the head has only \(count) fields")
        return slots[position]
    }

    @inline(__always)
    mutating func append(_ field: HTTP1Field) {
        if count < slots.count { slots[count] = field } else { slots.append(field) }
        count &+= 1
    }

    mutating func removeAll() { count = 0 }
}

/// Finding fields in the bytes of the head that was parsed.
extension HTTP1FieldTable {
    /// The value of the first field of that name, given in lower case: `"accept-encoding"`; nil when there is none.
    /// Allocates nothing.
    @inlinable
    public func firstValue(of name: StaticString, in bytes: Span<UInt8>) -> ByteRange? {
        for field in self where bytes.equals(field.name, lowercased: name) { return field.value }
        return nil
    }

    /// The value of the first field of that name, in any case; nil when there is none. Allocates nothing.
    public func firstValue(of name: Span<UInt8>, in bytes: Span<UInt8>) -> ByteRange? {
        for field in self where bytes.equals(field.name, ignoringCaseOf: name) { return field.value }
        return nil
    }

    /// The value of the first field of that name; nil when there is none.
    public func firstValue(of name: HTTPField.Name, in bytes: Span<UInt8>) -> ByteRange? {
        firstValue(of: name.canonicalName.utf8.span, in: bytes)
    }

    /// Whether there is a field whose name begins with `prefix`, given in lower case. Allocates nothing.
    public func contains(prefix: StaticString, in bytes: Span<UInt8>) -> Bool {
        let length = prefix.utf8CodeUnitCount
        for field in self where field.name.count >= length {
            let start = Int(field.name.start)
            if bytes.equals(ByteRange(start, start + length), lowercased: prefix) { return true }
        }
        return false
    }

    /// All fields as swift-http-types has them: a copy, made on demand.
    public func makeFields(in bytes: Span<UInt8>) -> HTTPFields {
        var result = HTTPFields()
        result.reserveCapacity(count)
        for field in self {
            // Field names were parsed as tokens, so the initialiser does not fail.
            guard let name = HTTPField.Name(String(field.name, in: bytes)) else { continue }
            let value = bytes.extracting(field.value.range)
            result.append(value.withUnsafeBufferPointer { HTTPField(name: name, value: $0) })
        }
        return result
    }
}

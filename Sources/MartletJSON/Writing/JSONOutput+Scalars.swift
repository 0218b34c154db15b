extension JSONOutput {
    /// Writes a value of one of the types that have a form of their own in JSON, or text in an array; false when it is none.
    @inline(__always)
    func writeScalar<Value: Encodable>(
        _ value: Value, key: @autoclosure () -> (any CodingKey)?
    ) throws -> Bool {
        // The casts are of a type to itself.
        let type = Value.self
        if type == String.self {
            let text = unsafeBitCast(value, to: String.self)
            append { $0.append(quoted: text) }
            return true
        }
        if type == Int.self {
            write(signed: Int64(unsafeBitCast(value, to: Int.self)))
            return true
        }
        if type == Bool.self {
            let truth = unsafeBitCast(value, to: Bool.self)
            append { $0.append(truth ? "true" : "false") }
            return true
        }
        if type == Double.self {
            try write(floating: unsafeBitCast(value, to: Double.self), key: key())
            return true
        }
        if type == [String].self {
            write(texts: unsafeBitCast(value, to: [String].self))
            return true
        }
        return try writeOtherScalar(value, key: key())
    }

    @inline(never)
    private func writeOtherScalar<Value: Encodable>(
        _ value: Value, key: @autoclosure () -> (any CodingKey)?
    ) throws -> Bool {
        let type = Value.self
        if type == Int64.self {
            write(signed: unsafeBitCast(value, to: Int64.self))
        } else if type == Int32.self {
            write(signed: Int64(unsafeBitCast(value, to: Int32.self)))
        } else if type == Int16.self {
            write(signed: Int64(unsafeBitCast(value, to: Int16.self)))
        } else if type == Int8.self {
            write(signed: Int64(unsafeBitCast(value, to: Int8.self)))
        } else if type == UInt.self {
            write(unsigned: UInt64(unsafeBitCast(value, to: UInt.self)))
        } else if type == UInt64.self {
            write(unsigned: unsafeBitCast(value, to: UInt64.self))
        } else if type == UInt32.self {
            write(unsigned: UInt64(unsafeBitCast(value, to: UInt32.self)))
        } else if type == UInt16.self {
            write(unsigned: UInt64(unsafeBitCast(value, to: UInt16.self)))
        } else if type == UInt8.self {
            write(unsigned: UInt64(unsafeBitCast(value, to: UInt8.self)))
        } else if type == Int128.self {
            write(text: unsafeBitCast(value, to: Int128.self).description)
        } else if type == UInt128.self {
            write(text: unsafeBitCast(value, to: UInt128.self).description)
        } else if type == Float.self {
            try write(floating: unsafeBitCast(value, to: Float.self), key: key())
        } else {
            return false
        }
        return true
    }

    private func write(texts: [String]) {
        append { bytes in
            bytes.append(UInt8(ascii: "["))
            for (position, text) in texts.enumerated() {
                if position > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.append(quoted: text)
            }
            bytes.append(UInt8(ascii: "]"))
        }
    }

    @inline(__always)
    private func write(signed value: Int64) {
        append {
            if value < 0 { $0.append(UInt8(ascii: "-")) }
            $0.append(decimal: value.magnitude)
        }
    }

    private func write(unsigned value: UInt64) { append { $0.append(decimal: value) } }

    /// Digits and no more than is needed to read the same number again; a whole number has no point.
    private func write<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        floating value: Value, key: @autoclosure () -> (any CodingKey)?
    ) throws {
        guard value.isFinite else {
            let path = path(toPart: key())
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: path, debugDescription: "\(value) is no number in JSON"))
        }
        let text = value.description
        write(text: text.hasSuffix(".0") ? text.dropLast(2) : text[...])
    }

    private func write(text: some StringProtocol) {
        var text = String(text)
        text.withUTF8 { digits in append { $0.append(digits) } }
    }
}

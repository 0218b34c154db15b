extension JSONDocument {
    /// The value at `index` as a `Value`. The types that have a form of their own in JSON are read here and now, which
    /// saves them a decoder and a container each.
    @inline(__always)
    func value<Value: Decodable>(_ type: Value.Type, at index: Int) throws -> Value {
        // The casts are of a type to itself.
        if type == String.self { return unsafeBitCast(try string(at: index), to: type) }
        if type == Int.self { return unsafeBitCast(try integer(Int.self, at: index), to: type) }
        if type == Bool.self { return unsafeBitCast(try bool(at: index), to: type) }
        if type == Double.self { return unsafeBitCast(try double(at: index), to: type) }
        if type == [String].self { return unsafeBitCast(try array(String.self, at: index), to: type) }
        if type == [Int].self { return unsafeBitCast(try array(Int.self, at: index), to: type) }
        if type == [Double].self { return unsafeBitCast(try array(Double.self, at: index), to: type) }
        return try otherValue(type, at: index)
    }

    @inline(never)
    private func otherValue<Value: Decodable>(_ type: Value.Type, at index: Int) throws -> Value {
        if type == Int64.self { return unsafeBitCast(try integer(Int64.self, at: index), to: type) }
        if type == Int32.self { return unsafeBitCast(try integer(Int32.self, at: index), to: type) }
        if type == Int16.self { return unsafeBitCast(try integer(Int16.self, at: index), to: type) }
        if type == Int8.self { return unsafeBitCast(try integer(Int8.self, at: index), to: type) }
        if type == UInt.self { return unsafeBitCast(try integer(UInt.self, at: index), to: type) }
        if type == UInt64.self { return unsafeBitCast(try integer(UInt64.self, at: index), to: type) }
        if type == UInt32.self { return unsafeBitCast(try integer(UInt32.self, at: index), to: type) }
        if type == UInt16.self { return unsafeBitCast(try integer(UInt16.self, at: index), to: type) }
        if type == UInt8.self { return unsafeBitCast(try integer(UInt8.self, at: index), to: type) }
        if type == Int128.self { return unsafeBitCast(try integer(Int128.self, at: index), to: type) }
        if type == UInt128.self { return unsafeBitCast(try integer(UInt128.self, at: index), to: type) }
        if type == Float.self { return unsafeBitCast(try float(at: index), to: type) }
        let decoder = JSONValueDecoder(document: self, index: index)
        if let conversion = conversions.conversion(of: type) {
            // Found by the type, and made by a function that returns it.
            return try conversion.read(decoder) as! Value
        }
        return try type.init(from: decoder)
    }

    /// The standard library's arrays know neither their element's type nor their length before they grow.
    private func array<Element: Decodable>(_ type: Element.Type, at index: Int) throws -> [Element] {
        let entry = tape[index]
        guard entry.kind == .array else { throw mismatch([Element].self, "an array", at: index) }
        var elements: [Element] = []
        elements.reserveCapacity(Int(entry.length))
        var element = index &+ 1
        for _ in 0..<entry.length {
            elements.append(try value(type, at: element))
            element = Int(tape[element].next)
        }
        return elements
    }

    /// Whether the value at `index` is `null`.
    @inline(__always)
    func isNull(at index: Int) -> Bool { tape[index].kind == .null }

    @inline(__always)
    private func string(at index: Int) throws -> String {
        let entry = tape[index]
        guard entry.kind == .plain || entry.kind == .escaped else {
            throw mismatch(String.self, "a string", at: index)
        }
        return text(entry)
    }

    @inline(__always)
    private func bool(at index: Int) throws -> Bool {
        switch tape[index].kind {
        case .true: return true
        case .false: return false
        default: throw mismatch(Bool.self, "true or false", at: index)
        }
    }

    @inline(__always)
    private func integer<Value: FixedWidthInteger>(_ type: Value.Type, at index: Int) throws -> Value {
        let entry = tape[index]
        guard entry.kind == .integer || entry.kind == .decimal else {
            throw mismatch(type, "a whole number", at: index)
        }
        let number = JSONNumber(bytes(of: entry))
        guard let value = number.integer(type, isInteger: entry.kind == .integer) else {
            throw unfit("expected a whole number from \(Value.min) to \(Value.max)", at: index)
        }
        return value
    }

    @inline(__always)
    private func double(at index: Int) throws -> Double {
        let entry = tape[index]
        guard entry.kind == .integer || entry.kind == .decimal else {
            throw mismatch(Double.self, "a number", at: index)
        }
        guard let value = JSONNumber(bytes(of: entry)).double() else {
            throw unfit("expected a number of at most \(Double.greatestFiniteMagnitude)", at: index)
        }
        return value
    }

    private func float(at index: Int) throws -> Float {
        let entry = tape[index]
        guard entry.kind == .integer || entry.kind == .decimal else {
            throw mismatch(Float.self, "a number", at: index)
        }
        guard let value = JSONNumber(bytes(of: entry)).float() else {
            throw unfit("expected a number of at most \(Float.greatestFiniteMagnitude)", at: index)
        }
        return value
    }
}

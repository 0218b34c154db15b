import MartletRESP

/// What can be an argument of a command. It is written as exactly one.
public nonisolated protocol RedisArgument: Sendable {
    /// Writes it.
    func write(to writer: inout RESPWriter)
}

nonisolated extension String: RedisArgument {
    /// Writes its UTF-8.
    public func write(to writer: inout RESPWriter) { writer.write(self) }
}

nonisolated extension Substring: RedisArgument {
    /// Writes its UTF-8.
    public func write(to writer: inout RESPWriter) { writer.write(String(self)) }
}

nonisolated extension Array: RedisArgument where Element == UInt8 {
    /// Writes the bytes.
    public func write(to writer: inout RESPWriter) { writer.write(self) }
}

nonisolated extension ArraySlice: RedisArgument where Element == UInt8 {
    /// Writes the bytes.
    public func write(to writer: inout RESPWriter) { withUnsafeBytes { writer.write($0) } }
}

nonisolated extension Int: RedisArgument {
    /// Writes its digits.
    public func write(to writer: inout RESPWriter) { writer.write(Int64(self)) }
}

nonisolated extension Int64: RedisArgument {
    /// Writes its digits.
    public func write(to writer: inout RESPWriter) { writer.write(self) }
}

nonisolated extension UInt64: RedisArgument {
    /// Writes its digits.
    public func write(to writer: inout RESPWriter) { writer.write(description) }
}

nonisolated extension Double: RedisArgument {
    /// Writes the fewest digits that give the same number again.
    public func write(to writer: inout RESPWriter) { writer.write(self) }
}

nonisolated extension RedisArgument where Self: RawRepresentable, RawValue: RedisArgument {
    /// Writes the raw value.
    public func write(to writer: inout RESPWriter) { rawValue.write(to: &writer) }
}

extension ContentRange {
    /// Reads the value that a server sends: `bytes 0-499/1234`, or `bytes */1234` with 416.
    ///
    /// Nil when it is malformed, of another unit, contradicts itself, or does not tell the whole length (`bytes
    /// 0-499/*`): whoever puts parts together has to know what they are parts of.
    public init?(_ field: String) {
        var reader = FieldReader(field)
        reader.skipBlanks()
        guard let unit = reader.token(), unit.equals(ignoringCase: "bytes"), reader.skip(ASCII.space) else {
            return nil
        }
        var range: (first: UInt64, last: UInt64)?
        if !reader.skip(ASCII.asterisk) {
            guard let first = reader.decimal(), reader.skip(ASCII.hyphen), let last = reader.decimal() else {
                return nil
            }
            range = (first, last)
        }
        // The largest number stands for all that are too large for one.
        guard reader.skip(ASCII.slash), let length = reader.decimal(), length < .max else { return nil }
        reader.skipBlanks()
        guard reader.isAtEnd else { return nil }
        guard let range else {
            self = .unsatisfied(length: length)
            return
        }
        guard range.first <= range.last, range.last < length else { return nil }
        self.init(range.first..<range.last + 1, of: length)
    }
}

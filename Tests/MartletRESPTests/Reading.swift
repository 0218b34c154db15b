import MartletRESP

/// What a parser makes of bytes that come in pieces.
struct Reading: Equatable {
    var values: [RESPValue] = []
    var error: RESPError?
    var isWithinValue = false

    /// Reads bytes that come in pieces of these sizes, the last one as often as it takes.
    init(
        _ bytes: [UInt8], pieces: [Int] = [.max], limits: RESPLimits = RESPLimits(), keepsAttributes: Bool = false,
        asText: Bool = false
    ) {
        var parser = RESPParser(limits: limits, keepsAttributes: keepsAttributes)
        var sizes = pieces[...]
        var start = 0
        do throws(RESPError) {
            while start < bytes.count {
                let size = sizes.count > 1 ? sizes.removeFirst() : sizes[sizes.startIndex]
                let end = start + min(size, bytes.count - start)
                try read(Array(bytes[start..<end]), &parser, asText)
                start = end
            }
        } catch {
            self.error = error
        }
        isWithinValue = parser.isWithinValue
    }

    init(
        _ text: String, pieces: [Int] = [.max], limits: RESPLimits = RESPLimits(), keepsAttributes: Bool = false,
        asText: Bool = false
    ) {
        self.init(
            Array(text.utf8), pieces: pieces, limits: limits, keepsAttributes: keepsAttributes, asText: asText)
    }

    private mutating func read(_ piece: [UInt8], _ parser: inout RESPParser, _ asText: Bool) throws(RESPError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: piece)
        var offset = 0
        let bytes = UnsafeRawBufferPointer(buffer)
        while let value = asText ? try parser.nextText(bytes, from: &offset) : try parser.next(bytes, from: &offset) {
            values.append(value)
        }
    }
}

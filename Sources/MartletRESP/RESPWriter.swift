/// Writes the arguments of a command as the bulks that a server reads. The number of arguments, which stands before them
/// on the wire, is written by who sends them.
public struct RESPWriter: Hashable, Sendable {
    /// What has been written.
    @usableFromInline
    package internal(set) var bytes: [UInt8]
    /// How many arguments that is.
    public internal(set) var count = 0

    /// An empty one, with room for so many bytes.
    public init(capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// One that begins with arguments that are encoded already, and has room for so many bytes more.
    package init(encoded: StaticString, count: Int, capacity: Int) {
        self.init(capacity: encoded.utf8CodeUnitCount + capacity)
        write(encoded: encoded, count: count)
    }

    /// Writes arguments that are encoded already.
    package mutating func write(encoded: StaticString, count: Int) {
        bytes.appendRaw(encoded.utf8CodeUnitCount) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: encoded.utf8Start, count: $0.count))
        }
        self.count += count
    }

    /// Writes bytes as one argument.
    public mutating func write(_ argument: UnsafeRawBufferPointer) {
        count += 1
        let digits = DecimalDigits.count(argument.count)
        bytes.appendRaw(argument.count + digits + 5) { bytes in
            bytes[0] = UInt8(ascii: "$")
            DecimalDigits.write(argument.count, digits, to: bytes.baseAddress! + 1)
            bytes[digits + 1] = UInt8(ascii: "\r")
            bytes[digits + 2] = UInt8(ascii: "\n")
            let end = digits + 3 + argument.count
            UnsafeMutableRawBufferPointer(rebasing: bytes[(digits + 3)..<end]).copyMemory(from: argument)
            bytes[end] = UInt8(ascii: "\r")
            bytes[end + 1] = UInt8(ascii: "\n")
        }
    }

    /// Writes bytes as one argument.
    public mutating func write(_ argument: [UInt8]) {
        argument.withUnsafeBytes { write($0) }
    }

    /// Writes the text's UTF-8 as one argument.
    public mutating func write(_ argument: String) {
        let utf8 = argument.utf8
        if utf8.withContiguousStorageIfAvailable({ write(UnsafeRawBufferPointer($0)) }) == nil { write(Array(utf8)) }
    }

    /// Writes each of the words, which spaces separate, as one argument.
    public mutating func write(words: String) {
        let utf8 = words.utf8
        let isDone: Void? = utf8.withContiguousStorageIfAvailable { write(words: UnsafeRawBufferPointer($0)) }
        if isDone == nil { Array(utf8).withUnsafeBytes { write(words: $0) } }
    }

    private mutating func write(words: UnsafeRawBufferPointer) {
        var start = 0
        for end in 0..<words.count where words[end] == UInt8(ascii: " ") {
            write(UnsafeRawBufferPointer(rebasing: words[start..<end]))
            start = end + 1
        }
        write(UnsafeRawBufferPointer(rebasing: words[start...]))
    }

    /// Writes an integer as one argument, in decimal digits.
    public mutating func write(_ argument: Int64) {
        var digits = DecimalDigits(argument)
        digits.withBytes { write($0) }
    }

    /// Writes a double as one argument, in the fewest digits that give the same number again; `inf`, `-inf` and `nan`.
    public mutating func write(_ argument: Double) {
        write(argument.description)
    }
}

extension RESPWriter {
    /// Calls `body` with each argument, in order, until it says that that was enough.
    package func forEachArgument(_ body: (Int, UnsafeRawBufferPointer) -> Bool) {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            for index in 0..<count {
                // What this type has written is well-formed: `$`, digits, CR LF, so many bytes, CR LF.
                var length = 0
                offset += 1
                while bytes[offset] != UInt8(ascii: "\r") {
                    length = length * 10 + Int(bytes[offset] - UInt8(ascii: "0"))
                    offset += 1
                }
                offset += 2
                guard body(index, UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])) else { return }
                offset += length + 2
            }
        }
    }
}

/// The decimal digits of an integer, without an allocation.
package struct DecimalDigits {
    // 20 bytes are what Int64.min takes.
    private var storage: (UInt64, UInt64, UInt64) = (0, 0, 0)
    private var start = 24

    /// The digits, with a sign for what is negative.
    package init(_ value: Int64) {
        var rest = value.magnitude
        var start = 24
        withUnsafeMutableBytes(of: &storage) { bytes in
            repeat {
                start -= 1
                bytes[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                start -= 1
                bytes[start] = UInt8(ascii: "-")
            }
        }
        self.start = start
    }

    /// How many a number that is not negative takes.
    @inline(__always)
    package static func count(_ number: Int) -> Int {
        var count = 1
        var rest = number
        while rest >= 10 {
            count += 1
            rest /= 10
        }
        return count
    }

    /// Writes a number that is not negative as so many digits.
    @inline(__always)
    package static func write(_ number: Int, _ count: Int, to start: UnsafeMutableRawPointer) {
        var rest = UInt(bitPattern: number)
        var index = count
        while index > 0 {
            index -= 1
            start.storeBytes(
                of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10), toByteOffset: index, as: UInt8.self)
            rest /= 10
        }
    }

    /// Calls `body` with them.
    package mutating func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        let start = start
        withUnsafeBytes(of: &storage) { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }
}

extension [UInt8] {
    /// Appends so many bytes, all of which `body` writes.
    @inline(__always)
    package mutating func appendRaw(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        append(addingCapacity: count) { span in
            span.withUnsafeMutableBufferPointer { buffer, used in
                // There is room for what was asked for, at least.
                body(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
                used = count
            }
        }
    }
}

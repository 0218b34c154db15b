import FoundationEssentials

/// What processes of a pool and the loop say to each other: four bytes of length, a byte that says what it is, and so
/// many bytes. Integers are little-endian.
nonisolated struct Frame: Sendable {
    enum Kind: UInt8 {
        /// To the process: the name of a type and what it was encoded to.
        case work = 1
        /// From the process: it is there.
        case ready = 2
        /// From the process: the output, encoded.
        case output = 3
        /// From the process: the description of an error.
        case failure = 4
        /// From the process: description, type and encoding of an error.
        case error = 5
        /// From the process: why it could not even try, or not answer.
        case refusal = 6
    }

    static let headerSize = 5
    /// What fits into four bytes of length.
    static let largest = Int(UInt32.max)

    let kind: Kind
    let payload: Data

    /// The bytes of a frame whose payload is made of parts, each after its length but the last.
    static func bytes(_ kind: Kind, _ parts: Data...) -> Data {
        let last = parts.count - 1
        let size = parts.reduce(0) { $0 + $1.count } + last * 4
        var bytes = Data(capacity: headerSize + size)
        bytes.append(length: size)
        bytes.append(kind.rawValue)
        for (index, part) in parts.enumerated() {
            if index < last { bytes.append(length: part.count) }
            bytes.append(part)
        }
        return bytes
    }

    /// Kind and length of the payload that follow from a header; `nil` when it is none.
    static func header(_ bytes: UnsafeRawBufferPointer) -> (kind: Kind, length: Int)? {
        guard bytes.count >= headerSize, let kind = Kind(rawValue: bytes[4]) else { return nil }
        return (kind, Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))))
    }

    /// The payload's parts; `nil` when there are not as many.
    func parts(_ count: Int) -> [Data]? {
        var parts: [Data] = []
        var rest = payload[...]
        for _ in 1..<count {
            guard rest.count >= 4 else { return nil }
            let length = rest.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
            guard rest.count - 4 >= length else { return nil }
            parts.append(rest.dropFirst(4).prefix(length))
            rest = rest.dropFirst(4 + length)
        }
        return parts + [rest]
    }
}

extension Data {
    /// Whoever calls this has seen that it fits.
    fileprivate nonisolated mutating func append(length: Int) {
        Swift.withUnsafeBytes(of: UInt32(clamping: length).littleEndian) { append(contentsOf: $0) }
    }
}

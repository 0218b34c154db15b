/// What a file's bytes have to add up to.
public nonisolated struct Checksum: Hashable, Sendable, CustomStringConvertible {
    /// How the bytes are added up.
    public enum Algorithm: String, Hashable, Sendable, CaseIterable {
        /// SHA-256.
        case sha256
        /// SHA-512.
        case sha512
        /// MD5: finds accidents, and no intent.
        case md5

        /// How many bytes the sum has.
        public var length: Int {
            switch self {
            case .sha256: 32
            case .sha512: 64
            case .md5: 16
            }
        }
    }

    /// How the bytes are added up.
    public let algorithm: Algorithm
    /// The sum, in small hexadecimal digits.
    public let hex: String

    /// A sum in hexadecimal digits; `nil` when it is not as long as the algorithm's are.
    public init?(_ algorithm: Algorithm, _ hex: String) {
        guard hex.utf8.count == 2 * algorithm.length, hex.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
        else { return nil }
        self.algorithm = algorithm
        self.hex = hex.lowercased()
    }

    /// Reads `sha256:9f86d0…`, also with `=` or `-`; without a name, the length tells the algorithm.
    public init?(_ text: String) {
        if let separator = text.firstIndex(where: { ":=-".contains($0) }) {
            guard let algorithm = Algorithm(rawValue: text[..<separator].lowercased()) else { return nil }
            self.init(algorithm, String(text[text.index(after: separator)...]))
        } else {
            guard let algorithm = Algorithm.allCases.first(where: { 2 * $0.length == text.utf8.count }) else {
                return nil
            }
            self.init(algorithm, text)
        }
    }

    /// `sha256:9f86d0…`
    public var description: String { "\(algorithm.rawValue):\(hex)" }
}

/// Why a store did not do what it was asked for.
public nonisolated struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was in the way.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// The condition does not hold.
        public static let conflict = Code(rawValue: 0)
        /// The value is no number.
        public static let notANumber = Code(rawValue: 1)
        /// The sum does not fit into 64 bits.
        public static let overflow = Code(rawValue: 2)
        /// The key has more bytes than there may be.
        public static let keyTooLong = Code(rawValue: 3)
        /// The value has more bytes than there may be.
        public static let valueTooLarge = Code(rawValue: 4)
        /// The time to live is not above zero.
        public static let badTimeToLive = Code(rawValue: 5)
        /// The store is full.
        public static let full = Code(rawValue: 6)
        /// The store has too much to do, or cannot be reached.
        public static let unavailable = Code(rawValue: 7)
        /// The store is closed.
        public static let closed = Code(rawValue: 8)
        /// The text names no store.
        public static let badURL = Code(rawValue: 9)
        /// The store holds what this program does not understand.
        public static let malformed = Code(rawValue: 10)
        /// The media type is no text of visible ASCII characters and spaces.
        public static let badType = Code(rawValue: 11)
    }

    /// What was in the way.
    public let code: Code
    /// In words.
    public let reason: String
    /// The version that the entry has; `nil` when there is none. Of a `.conflict`.
    public let version: StoreVersion?

    /// An error.
    public init(_ code: Code, _ reason: String, version: StoreVersion? = nil) {
        self.code = code
        self.reason = reason
        self.version = version
    }

    /// The reason.
    public var description: String { reason }

    static func conflict(_ key: StoreKey, _ condition: StoreCondition, _ version: StoreVersion?) -> StoreError {
        let state = version.map { "it is of version \($0.rawValue)" } ?? "there is none"
        let expected: String =
            switch condition {
            case .always, .present: "there has to be one"
            case .absent: "there may be none"
            case .version(let version): "it has to be of version \(version.rawValue)"
            }
        return StoreError(
            .conflict, "the entry \"\(key)\" was not changed: \(state), and \(expected)", version: version)
    }

    static func notANumber(_ key: StoreKey) -> StoreError {
        StoreError(.notANumber, "the entry \"\(key)\" is no whole number, so that nothing can be added to it")
    }

    static func overflow(_ key: StoreKey) -> StoreError {
        StoreError(.overflow, "the sum of the entry \"\(key)\" and the increment does not fit into 64 bits")
    }
}

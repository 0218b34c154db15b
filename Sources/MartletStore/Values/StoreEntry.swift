/// What a store has under a key.
public nonisolated struct StoreEntry: Hashable, Sendable {
    /// The key.
    public let key: StoreKey
    /// The value.
    public let value: StoreValue
    /// Which state of the entry this is.
    public let version: StoreVersion
    /// When it is gone, in milliseconds since 1970; `nil`: never.
    public let expiry: Int64?

    /// How long it still is there, at least a millisecond; `nil`: for ever.
    public var timeToLive: Duration? {
        expiry.map { .milliseconds(max(1, $0 - StoreClock.now)) }
    }
}

/// A state of an entry. Each change has a higher one than all changes of the store before it, so that an entry that was
/// removed and made again never has a version that it had before.
public nonisolated struct StoreVersion: RawRepresentable, Hashable, Comparable, Sendable {
    /// Its number, from 1.
    public let rawValue: Int64

    /// A version by its number.
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// By number.
    public static func < (left: StoreVersion, right: StoreVersion) -> Bool { left.rawValue < right.rawValue }
}

/// The bytes of an entry, and what they are.
public nonisolated struct StoreValue: Hashable, Sendable {
    /// The bytes.
    public var bytes: [UInt8]
    /// Their media type, for those who have to tell others (`text/plain; charset=utf-8`); `nil` when nobody said.
    public var type: String?

    /// Bytes, and what they are.
    public init(_ bytes: [UInt8], type: String? = nil) {
        self.bytes = bytes
        self.type = type
    }

    /// Text, as UTF-8.
    public init(_ text: some StringProtocol, type: String? = nil) {
        self.init(Array(text.utf8), type: type)
    }

    /// The text that it is; `nil` when it is no UTF-8.
    public var text: String? { String(validating: bytes, as: UTF8.self) }

    /// The number that it is, in the one form that numbers are written in (`-7`, but neither `+7` nor `07`); `nil` when it is
    /// something else.
    public var number: Int64? {
        guard bytes.count <= 20, let text, let number = Int64(text), "\(number)" == text else { return nil }
        return number
    }
}

nonisolated extension StoreValue: ExpressibleByStringInterpolation {
    /// Text.
    public init(stringLiteral value: String) { self.init(value) }
}

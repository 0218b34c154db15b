/// Some of a store's entries, in the order of their keys.
public nonisolated struct StorePage: Hashable, Sendable {
    /// An entry without its value.
    public struct Item: Hashable, Sendable {
        /// The key.
        public let key: StoreKey
        /// Bytes of the value.
        public let size: Int
        /// What the value is, if somebody said so.
        public let type: String?
        /// Which state of the entry this is.
        public let version: StoreVersion
        /// When it is gone, in milliseconds since 1970; `nil`: never.
        public let expiry: Int64?
    }

    /// The entries.
    public var items: [Item]
    /// The key to go on after; `nil` when these are the last.
    public var next: StoreKey?
}

/// What a store takes.
public nonisolated struct StoreLimits: Hashable, Sendable {
    /// Bytes of a key.
    public var key = 4096
    /// Bytes of a value.
    public var value = 16 << 20
    /// Entries of one page.
    public var page = 1000
    /// Changes that wait for one who watches; beyond that, he is told that he has missed some.
    public var changes = 1024
    /// Bytes of the whole store; of a file only.
    public var size = 64 << 30

    /// The defaults.
    public init() {}

    func check(_ key: StoreKey) throws(StoreError) {
        guard key.bytes.count <= self.key else {
            throw StoreError(.keyTooLong, "a key may have \(self.key) bytes, and this one has \(key.bytes.count)")
        }
    }

    func check(_ value: StoreValue) throws(StoreError) {
        guard value.bytes.count <= self.value else {
            throw StoreError(
                .valueTooLarge, "a value may have \(self.value) bytes, and this one has \(value.bytes.count)")
        }
        guard let type = value.type else { return }
        guard (1...1024).contains(type.utf8.count), type.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw StoreError(.badType, "a media type is 1 to 1024 visible ASCII characters and spaces")
        }
    }
}

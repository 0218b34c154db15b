/// A document's values in the order in which they begin, one entry each, keys included: a key is followed by its value,
/// a container by all that is in it.
struct JSONTape: ~Copyable {
    enum Kind: UInt8 {
        case null, `true`, `false`
        /// A number with neither fraction nor exponent, and one with.
        case integer, decimal
        /// A string without escapes, and one with.
        case plain, escaped
        case object, array
    }

    struct Entry {
        /// The first byte: of a string the one after the quote.
        let start: UInt32
        /// Bytes of a number or between a string's quotes; members or elements of a container.
        var length: UInt32
        /// The entry after this value and all that is in it.
        var next: UInt32
        let kind: Kind
        /// Whether this is a key that comes again in its object, where the last one holds.
        var isShadowed = false
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var capacity: Int
    private(set) var count = 0

    /// An empty tape with room for `capacity` entries, more than 0.
    init(capacity: Int) {
        entries = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    // Entries are trivial: nothing to deinitialize.
    deinit { entries.deallocate() }

    @inline(__always)
    mutating func append(_ entry: Entry) {
        if count == capacity { grow() }
        (entries + count).initialize(to: entry)
        count &+= 1
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }

    /// The entry at `index`, which must be one that was appended: indices come from the tape itself.
    @inline(__always)
    subscript(index: Int) -> Entry {
        get {
            assert(index >= 0 && index < count)
            return entries[index]
        }
        nonmutating set {
            assert(index >= 0 && index < count)
            entries[index] = newValue
        }
    }
}

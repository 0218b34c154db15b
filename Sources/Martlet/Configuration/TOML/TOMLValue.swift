/// A place in a text; lines and columns count from 1, columns in Unicode scalars.
nonisolated struct TOMLPosition: Hashable, Sendable {
    let line: Int
    let column: Int
}

/// What a TOML document says, and where: every key and every element knows its place.
nonisolated enum TOMLValue {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    /// A date, a time or both, as written: nothing here asks for one, so it is told apart but not looked into.
    case dateTime(String)
    case array(TOMLArray)
    case table(TOMLTable)
}

/// The elements of an array, or the tables of a `[[name]]`.
nonisolated final class TOMLArray {
    struct Element {
        let value: TOMLValue
        let position: TOMLPosition
    }

    var elements: [Element] = []
    /// Whether it is made of `[[name]]` headers, so that another one adds to it.
    let isOfHeaders: Bool

    init(isOfHeaders: Bool) { self.isOfHeaders = isOfHeaders }
}

/// The keys of a table in the order in which they are written.
nonisolated final class TOMLTable {
    struct Entry {
        let value: TOMLValue
        /// Where the key is written.
        let position: TOMLPosition
    }

    /// How a table came to be, which decides how it may be added to.
    enum Origin {
        /// As a part of a longer header's name; may still get a header of its own.
        case implied
        /// By its own header.
        case header
        /// By the first part of a dotted key; other dotted keys may add to it.
        case dotted
        /// By braces; complete.
        case inline
    }

    var origin: Origin
    private(set) var keys: [String] = []
    private var entries: [String: Entry] = [:]

    init(_ origin: Origin) { self.origin = origin }

    subscript(key: String) -> Entry? { entries[key] }

    /// Adds a key that is not there yet.
    func add(_ key: String, _ value: TOMLValue, at position: TOMLPosition) {
        keys.append(key)
        entries[key] = Entry(value: value, position: position)
    }
}

/// Text that is no TOML: where, and what is wrong.
nonisolated struct TOMLError: Error, Hashable {
    let position: TOMLPosition
    let message: String
}

/// The value of If-Match or If-None-Match, RFC 9110 §13.1: `*`, or a list of entity tags.
///
/// Holds the value and reads it when it is iterated over, so a list costs nothing before and needs no limit of its own.
/// An element that is not an entity tag is skipped: it matches nothing.
public struct EntityTagList: Sequence, Sendable {
    /// One tag of the list.
    public typealias Element = EntityTag

    private let field: String

    /// A list as it was received.
    public init(_ field: String) {
        self.field = field
    }

    /// Whether it is `*`: any tag, as long as there is a representation at all.
    public var isAny: Bool { field[...].trimmed == "*" }

    /// An iterator over the tags, in order.
    public func makeIterator() -> Iterator {
        Iterator(reader: FieldReader(field))
    }

    /// The tags of a list, in order.
    public struct Iterator: IteratorProtocol, Sendable {
        fileprivate var reader: FieldReader

        /// The next tag, nil behind the last.
        public mutating func next() -> EntityTag? {
            while true {
                // Commas may stand in a tag: only what is read as no tag is skipped up to one.
                _ = reader.take { $0 == ASCII.comma || $0 == ASCII.space || $0 == ASCII.tab }
                if reader.isAtEnd { return nil }
                let tag = reader.entityTag()
                reader.skipBlanks()
                if let tag, reader.isAtEnd || reader.next == ASCII.comma { return tag }
                _ = reader.take { $0 != ASCII.comma }
            }
        }
    }
}

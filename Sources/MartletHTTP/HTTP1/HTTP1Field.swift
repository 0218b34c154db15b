/// One field line of a head; name and value are in the buffer.
public struct HTTP1Field: Hashable, Sendable {
    /// The name, in the case it was sent in.
    public let name: ByteRange
    /// The value without white space around it; may be empty.
    public let value: ByteRange

    @usableFromInline
    init(name: ByteRange, value: ByteRange) {
        self.name = name
        self.value = value
    }
}

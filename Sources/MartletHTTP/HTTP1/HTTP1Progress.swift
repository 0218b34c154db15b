/// What a parser has got of a head.
public enum HTTP1Progress: Hashable, Sendable {
    /// The head is not complete: call again with more bytes behind the same ones.
    case needsMore
    /// The head is complete and so many bytes long, an empty line skipped before it included.
    case complete(length: Int)
}

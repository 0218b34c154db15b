import Synchronization

/// Something that may be large on its way between a thread and the loop. Giving back many pages of memory takes
/// milliseconds: whoever takes what is in it, a thread that is, is also the one who lets it go.
nonisolated final class Parcel<Content: Sendable>: Sendable {
    /// How many bytes it has.
    let size: Int
    private let content: Mutex<Content?>

    init(_ content: Content, size: Int) {
        self.size = size
        self.content = Mutex(content)
    }

    /// Looks at what is in it; `nil` when it was taken out.
    func look<Result: Sendable>(_ body: (Content) throws -> Result) rethrows -> Result? {
        try content.withLock { try $0.map(body) }
    }

    /// Takes it out.
    func take() -> Content? {
        content.withLock { content in
            defer { content = nil }
            return content
        }
    }
}

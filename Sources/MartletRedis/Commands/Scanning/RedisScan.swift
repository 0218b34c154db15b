/// All elements of a collection on the server, a page at a time: keys of a database, fields of a hash, members of a set.
///
/// ```swift
/// for try await key in client.scanKeys(matching: "session:*") { … }
/// for try await page in client.scanMembers("big").pages { try await client.srem("big", page) }
/// ```
///
/// A page is asked for when the one before it is used up, so that no more than one is kept, and leaving the loop ends it. What
/// the server promises, and no more: an element that is there from the beginning to the end is returned, one that
/// comes or goes meanwhile may be or not, and **an element may be returned more than once**, when the collection shrinks or
/// grows meanwhile (<https://redis.io/docs/latest/commands/scan/>).
///
/// The sequence may be gone through several times: each time begins anew.
public nonisolated struct RedisScan<Element: RedisDecodable>: AsyncSequence, Sendable {
    /// Asks for one page.
    typealias Fetch = @MainActor @Sendable (RedisCursor) async throws(RedisError) -> RedisScanPage<Element>

    private let fetch: Fetch

    init(_ fetch: @escaping Fetch) { self.fetch = fetch }

    /// The pages in place of their elements: as many elements as the server found in one step, but never none.
    public var pages: RedisScanPages<Element> { RedisScanPages(fetch: fetch) }

    /// Begins anew.
    public func makeAsyncIterator() -> Iterator { Iterator(pages: pages.makeAsyncIterator()) }

    /// Goes through the elements, once.
    public struct Iterator: AsyncIteratorProtocol {
        private var pages: RedisScanPages<Element>.Iterator
        private var page: ArraySlice<Element> = []

        init(pages: RedisScanPages<Element>.Iterator) { self.pages = pages }

        /// The next element; `nil` after the last one.
        ///
        /// - Throws: `RedisError`, as the commands that ask for pages do.
        @MainActor
        public mutating func next() async throws(RedisError) -> Element? {
            if page.isEmpty {
                guard let next = try await pages.next() else { return nil }
                page = next[...]
            }
            return page.popFirst()
        }
    }
}

/// The pages of a ``RedisScan``.
public nonisolated struct RedisScanPages<Value: RedisDecodable>: AsyncSequence, Sendable {
    /// The elements of one page.
    public typealias Element = [Value]

    let fetch: RedisScan<Value>.Fetch

    /// Begins anew.
    public func makeAsyncIterator() -> Iterator { Iterator(fetch: fetch) }

    /// Goes through the pages, once.
    public struct Iterator: AsyncIteratorProtocol {
        private let fetch: RedisScan<Value>.Fetch
        /// Where to go on, `nil` at the end.
        private var cursor: RedisCursor? = .start

        init(fetch: @escaping RedisScan<Value>.Fetch) { self.fetch = fetch }

        /// The next page that has elements; `nil` after the last one.
        ///
        /// - Throws: `RedisError`, as the commands that ask for pages do. The next call asks for the same page again.
        @MainActor
        public mutating func next() async throws(RedisError) -> [Value]? {
            while let cursor {
                let page = try await fetch(cursor)
                self.cursor = page.isLast ? nil : page.next
                if !page.elements.isEmpty { return page.elements }
            }
            return nil
        }
    }
}

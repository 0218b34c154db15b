import MartletHTTP
import MartletServer
import MartletStore

/// Entries as they are listed.
nonisolated struct StoreListing: Encodable, Sendable {
    /// An entry.
    struct Entry: Encodable, Sendable {
        /// The key; `nil` when it is no text.
        var key: String?
        /// The key in Base64, when it is no text: such keys are not for these routes, which have text in their paths.
        var keyBase64: String?
        var etag: String
        var size: Int
        var type: String?
        /// Seconds.
        var ttl: Double?
    }

    var entries: [Entry]
    /// What to give as `cursor` for more; `nil` at the end.
    var next: String?

    init(_ page: StorePage) {
        let now = StoreClock.now
        entries = page.items.map { item in
            Entry(
                key: item.key.text, keyBase64: item.key.text == nil ? Base64.encode(item.key.bytes) : nil,
                etag: item.version.tagText, size: item.size, type: item.type,
                ttl: item.expiry.map { Double(max(1, $0 - now)) / 1000 })
        }
        next = page.next.map { StoreCursor.text($0) }
    }
}

/// What a watcher is told of a change.
private nonisolated struct StoreNotice: Encodable, Sendable {
    var key: String?
    var keyBase64: String?
    var etag: String?
}

extension ServerSentEvent {
    /// A change as an event: `set`, `removed` or `expired` with the key, or `missed`.
    init(_ change: StoreChange) throws {
        let name =
            switch change {
            case .set: "set"
            case .removed: "removed"
            case .expired: "expired"
            case .missed: "missed"
            }
        var notice = StoreNotice()
        if let key = change.key {
            notice.key = key.text
            if key.text == nil { notice.keyBase64 = Base64.encode(key.bytes) }
        }
        if case .set(_, let version) = change { notice.etag = version.tagText }
        self.init(
            data: String(decoding: try ApplicationJSON.writer.write(notice), as: UTF8.self), event: name,
            id: change.version.map { "\($0.rawValue)" })
    }
}

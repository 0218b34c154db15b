import MartletHTTP
import MartletStore

/// Where a list goes on, in a form that goes into a query: the last key, in Base64 of the web-safe kind.
nonisolated enum StoreCursor {
    static func text(_ key: StoreKey) -> String { Base64.encode(key.bytes, .url) }

    /// The key of a cursor; `nil` when it is none, or longer than keys are.
    static func key(_ text: String, longest: Int) -> StoreKey? {
        guard text.utf8.count <= (longest + 2) / 3 * 4, let bytes = Base64.decode(text, .url), bytes.count <= longest
        else { return nil }
        return StoreKey(bytes)
    }
}

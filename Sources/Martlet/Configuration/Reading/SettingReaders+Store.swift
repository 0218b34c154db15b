import MartletStore

/// How the values of a store's routes are understood.
nonisolated extension SettingReaders {
    /// A URL may have a password in it, which is not repeated.
    static let someStoreURL: Reader<String?> = { value throws(Complaint) in
        guard let text = value.string else {
            throw Complaint(expected: "a URL such as \"sqlite:/var/lib/martlet/kv.db\"", found: value)
        }
        do throws(StoreError) {
            _ = try StoreURL(text)
        } catch {
            throw Complaint(error.reason)
        }
        return text
    }
}

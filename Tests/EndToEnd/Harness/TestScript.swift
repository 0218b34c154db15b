/// The programs that lie beside these tests.
enum TestScript {
    /// The absolute path of one of them.
    static func path(_ name: String) -> String {
        let folders = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return folders.joined(separator: "/") + "/" + name
    }
}

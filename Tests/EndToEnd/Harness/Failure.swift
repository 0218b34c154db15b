/// Why a test could not go on: what was awaited or needed, and what was seen instead.
nonisolated struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

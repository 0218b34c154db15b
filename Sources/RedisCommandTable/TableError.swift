/// A mistake in the table. Compilers print them like this, and so editors and builds know where to point.
package struct TableError: Error, CustomStringConvertible {
    let file: String
    let line: Int
    let reason: String

    package var description: String { "\(file):\(line): error: \(reason)" }
}

/// A mistake in a line, whose number the caller knows.
struct LineError: Error {
    let reason: String
}

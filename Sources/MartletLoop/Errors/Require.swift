/// Ends the program, which is being used wrongly, with a message: unlike `precondition`, which says nothing in a
/// release.
@inlinable
@inline(__always)
package nonisolated func require(
    _ isFine: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) {
    if !isFine() { fatalError(message(), file: file, line: line) }
}

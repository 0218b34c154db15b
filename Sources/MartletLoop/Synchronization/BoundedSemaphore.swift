/// A semaphore that never has more permits than it began with: releasing one too many, or asking for more than there
/// are in all, ends the program and names the place that did.
public final class BoundedSemaphore: Semaphore {
    /// A semaphore of `permits`, at least one.
    public init(permits: Int, file: StaticString = #fileID, line: UInt = #line) {
        guard permits > 0 else {
            fatalError(
                "a bounded semaphore cannot have \(permits) permits: nobody could ever acquire one",
                file: file, line: line)
        }
        super.init(permits: permits, bound: permits, file: file, line: line)
    }
}

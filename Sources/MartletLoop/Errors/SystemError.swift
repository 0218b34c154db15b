import Glibc

/// A system call that failed: what was being done, to what, and why.
public nonisolated struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, as an infinitive: `"listen"`, `"start a process"`.
    public let operation: String
    /// What it was done to: an address, a path, a descriptor; `nil` when there is nothing to name.
    public let target: String?
    /// The system's error number (man 3 errno).
    public let code: Int32
    /// What the reader can do about it; `nil` when the error says it all.
    public let advice: String?

    /// An error with the number that the failed call left in `errno`, unless another is given.
    public init(_ operation: String, target: String? = nil, code: Int32 = errno, advice: String? = nil) {
        self.operation = operation
        self.target = target
        self.code = code
        self.advice = advice
    }

    /// `cannot listen on 0.0.0.0:80: Permission denied; run as root or …`
    public var description: String {
        var text = "cannot \(operation)"
        if let target { text += " \(target)" }
        text += ": \(Self.message(code))"
        if let advice { text += "; \(advice)" }
        return text
    }

    /// The system's words for an error number, with a small first letter: they stand inside a sentence.
    public static func message(_ code: Int32) -> String {
        guard let text = strerror(code).map({ String(cString: $0) }), let first = text.first else {
            return "error \(code)"
        }
        return first.lowercased() + text.dropFirst()
    }
}

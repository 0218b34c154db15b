import Glibc

/// An error of a task that nobody waits for.
public nonisolated struct UnhandledError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public let cause: any Error
    /// What the task was doing: its name, or what started it.
    public let task: String
    /// Where it was started, `file:line`.
    public let place: String

    /// `unhandled error in the task "mail", started at App/Mail.swift:12: connection refused`
    public var description: String {
        "unhandled error in \(task), started at \(place): \(cause)"
    }
}

extension EventLoop {
    /// What is done with the error of a task that nobody waits for, unless whoever started it says otherwise: asyncio's
    /// exception handler. It writes a line to the standard error, until a program with a log replaces it.
    public static var onUnhandledError: @MainActor (UnhandledError) -> Void = { error in
        var line = "\(error)\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

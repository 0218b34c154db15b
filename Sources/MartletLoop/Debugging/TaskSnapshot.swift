/// A task at one moment: what it is and what it waits for.
public nonisolated struct TaskSnapshot: Identifiable, Sendable, CustomStringConvertible {
    /// The runtime's number for it, counted from 1.
    public let id: UInt64
    /// The name from `Task(name:)`, cut off at 63 bytes; `nil` when it has none.
    public let name: String?
    /// The task whose child it is, in a group or by `async let`; `nil` for one that stands alone.
    public let parent: UInt64?
    /// What it does.
    public let state: State
    /// Whether it has been asked to end.
    public let isCancelled: Bool
    /// The task whose value it waits for, if it does.
    public let awaitedTask: UInt64?
    /// Where it goes on and where its callers do, innermost first; of the running task, the functions that it is in.
    /// Empty for one that another thread runs.
    public let frames: [StackFrame]

    /// What a task does.
    public struct State: Hashable, Sendable, CustomStringConvertible {
        /// In one word.
        public struct Code: Hashable, Sendable, CustomStringConvertible {
            /// The word.
            public let description: String

            /// A thread runs it.
            public static let running = Code(description: "running")
            /// It has what it waited for and will run next.
            public static let ready = Code(description: "ready")
            /// It waits for a point in time.
            public static let sleeping = Code(description: "sleeping")
            /// It waits for something else.
            public static let suspended = Code(description: "suspended")
        }

        /// In one word.
        public let code: Code
        /// When it ran last on the loop; `nil` when it never has, as far as debug mode knows.
        public let since: EventLoop.Instant?
        /// When it wakes, if it sleeps.
        public let wakeTime: EventLoop.Instant?

        /// `suspended`
        public var description: String { code.description }
    }

    /// The function of Martlet or of Swift that the program's code called and that has not returned, `Queue.get`; `nil`
    /// when the task is not suspended or there is no such function.
    public var waitsIn: String? {
        guard state.code == .suspended || state.code == .sleeping else { return nil }
        return frames.prefix { $0.isLibrary }.last.map { String($0.shortName) }
    }

    /// `task 7 "worker"`
    public var description: String {
        name.map { "task \(id) \"\($0)\"" } ?? "task \(id)"
    }

    /// What it does in words, at `time`.
    func activity(at time: EventLoop.Instant) -> String {
        var words: [String]
        switch state.code {
        case .sleeping:
            let rest = state.wakeTime.map { max(.zero, $0 - time) } ?? .zero
            words = ["sleeping for \(Self.text(rest)) more"]
        case .suspended:
            words = [state.since.map { "suspended for \(Self.text(max(.zero, time - $0)))" } ?? "suspended"]
        default:
            words = ["\(state)"]
        }
        if let waitsIn, state.code == .suspended { words.append("waits in \(waitsIn)") }
        if let awaitedTask { words.append("waits for task \(awaitedTask)") }
        if isCancelled { words.append("cancelled") }
        return words.joined(separator: ", ")
    }

    private static func text(_ duration: Duration) -> String {
        duration.formattedForReport
    }
}

extension Duration {
    /// `120 ms`, `12.3 s`.
    nonisolated var formattedForReport: String {
        let milliseconds = nanosecondsClamped / 1_000_000
        guard milliseconds >= 10_000 else { return "\(milliseconds) ms" }
        return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}

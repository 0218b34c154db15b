/// How a test reaches the application.
public nonisolated enum TestMode: String, Sendable, CaseIterable {
    /// Without a socket: the bytes of a request are given to the code that serves them. Quick, and on a virtual clock
    /// inside `withVirtualClock`.
    case inProcess
    /// By TCP, on a port of 127.0.0.1 that the kernel chooses.
    case live
}

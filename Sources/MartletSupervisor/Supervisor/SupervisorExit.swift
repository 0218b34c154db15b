/// What the supervisor's process ends with.
public nonisolated enum SupervisorExit: Int32, Sendable {
    /// It was told to end, and did.
    case ok = 0
    /// It could not start: an address in use, a missing permission, no memory.
    case failed = 1
    /// Its configuration or its command line is wrong.
    case wrongConfiguration = 2
    /// None of its first workers became ready.
    case workersCannotStart = 3
}

/// Waits until a read, receive or accept on the descriptor gets on: there is something, or the end, or an error to
/// collect.
///
/// For descriptors that no stream has: those of other libraries, devices, timers, inotify. Any number of tasks may wait
/// for one, to read and to write, beside `EventLoop.watch`. It costs three system calls; the descriptor stays the
/// caller's and may be blocking.
///
/// - Throws: `SystemError` when it is not open (EBADF), cannot be waited for because it is always ready, as a regular
///   file is (EPERM), or is in the hands of a stream (EEXIST); within a second also when it is closed while the task
///   waits, which is a mistake: end the wait first. `CancellationError` when the task is cancelled.
@MainActor public func readable(_ descriptor: Int32) async throws {
    try await SharedDescriptor.of(descriptor).wait(for: .readable)
}

/// Waits until a write or send on the descriptor gets on: there is room, or an error to collect.
///
/// In all else it is like `readable`.
@MainActor public func writable(_ descriptor: Int32) async throws {
    try await SharedDescriptor.of(descriptor).wait(for: .writable)
}

/// A signal that calls a function on the loop in place of interrupting the process, until `cancel`.
public final class SignalWatch {
    /// The signal's number (man 7 signal).
    public let number: Int32
    let action: (Signal) -> Void
    private(set) var isActive = true

    init(_ number: Int32, action: @escaping (Signal) -> Void) throws(SystemError) {
        self.number = number
        self.action = action
        try EventLoop.main.signalRegistry().add(self)
    }

    /// Ends the watch. After the last watch of a signal, it does again what it did before, also one that has arrived
    /// and that nobody was told of yet.
    public func cancel() {
        guard isActive else { return }
        isActive = false
        EventLoop.main.signals?.remove(self)
    }
}

extension EventLoop {
    /// Calls `action` on the loop whenever the process gets the signal. Several that arrive at once may count as one.
    ///
    /// The signal is blocked in the calling thread and in those it starts later (man 2 signalfd).
    ///
    /// - Throws: when there is no such signal or it cannot be caught.
    public func onSignal(_ number: Int32, _ action: @escaping () -> Void) throws(SystemError) -> SignalWatch {
        try SignalWatch(number) { _ in action() }
    }
}

import MartletLoop

/// What the supervisor remembers in order to tell how the service is doing.
struct StatusReporter {
    /// The CPUs that this daemon may use, as they were at the start.
    let allowance = CPUAllowance.current()
    var rate = RequestRate()
    /// What systemd was told last, and when.
    var lastLine = ""
    var lastLineAt = EventLoop.Instant(nanoseconds: 0)
    var lastSecond = EventLoop.Instant(nanoseconds: 0)
    var lastWatchdog = EventLoop.Instant(nanoseconds: 0)
    var seconds = 0
    private(set) var retiredRequests: UInt64 = 0

    /// Keeps the requests of a worker that has ended.
    mutating func retire(requests: UInt64) {
        // Wrapping: a broken worker may have counted anything.
        retiredRequests &+= requests
    }
}

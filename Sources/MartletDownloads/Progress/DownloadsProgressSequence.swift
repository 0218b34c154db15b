/// How far files are: the newest state at an interval, and the last one at the end. A consumer that is slow misses what was
/// in between.
public struct DownloadsProgressSequence: AsyncSequence {
    let downloads: Downloads
    let interval: Duration

    /// Begins to tell, at once.
    public func makeAsyncIterator() -> Iterator {
        Iterator(downloads: downloads, interval: interval)
    }

    /// Tells one state after the other.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let downloads: Downloads
        fileprivate let interval: Duration
        private var hasBegun = false
        private var hasEnded = false

        fileprivate init(downloads: Downloads, interval: Duration) {
            self.downloads = downloads
            self.interval = interval
        }

        /// The state now, at first, and later after the interval; `nil` behind the last one, or when the task is cancelled.
        public mutating func next() async -> DownloadsProgress? {
            guard !hasEnded, !Task.isCancelled else { return nil }
            if hasBegun { await downloads.waitForEnd(atMost: interval) }
            hasBegun = true
            hasEnded = downloads.isFinished
            return downloads.currentProgress
        }
    }
}

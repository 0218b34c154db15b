/// How far several files are.
public nonisolated struct DownloadsProgress: Sendable {
    /// Each of them, in the order in which they were given.
    public let files: [FileProgress]
    /// Bytes a second of all of them, over the last seconds.
    public let rate: Double
    /// How many bytes are there.
    public let bytes: Int
    /// How many there will be, as soon as that is known of all files that have not failed.
    public let total: Int?
    /// How many files are there.
    public let done: Int
    /// How many have failed, or were cancelled.
    public let failed: Int

    init(files: [FileProgress], rate: Double) {
        self.files = files
        self.rate = rate
        var bytes = 0
        var total: Int? = 0
        var done = 0
        var failed = 0
        for file in files {
            switch file.state {
            case .done, .wasThere: done += 1
            case .failed, .cancelled:
                failed += 1
                continue
            case .waiting, .asking, .receiving, .retrying, .finishing: break
            }
            bytes = bytes.addingClamped(file.bytes)
            total = total.flatMap { sum in file.total.map { sum.addingClamped($0) } }
        }
        self.bytes = bytes
        self.total = total
        self.done = done
        self.failed = failed
    }

    /// Whether nothing more happens.
    public var isFinished: Bool { done + failed == files.count }
}

nonisolated extension Int {
    /// Lengths come from servers, and their sum may be no number.
    func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}

/// Bounds of what is kept with a job.
nonisolated enum JobLimits {
    /// The largest payload that any queue takes, in bytes.
    static let payload = 1 << 28
    /// The longest error and the longest note, in bytes.
    static let error = 4096
    static let note = 512
    /// More than any lease lasts, in milliseconds: one that ends later is nonsense.
    static let lease = 2 * 86_400_000

    /// A text of at most so many bytes.
    static func text(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: limit - 3)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text.unicodeScalars[..<end]) + "…"
    }
}

/// How far a job is.
nonisolated enum JobProgress {
    /// Between 0 and 1, whatever comes.
    static func clamped(_ fraction: Double) -> Double {
        fraction.isNaN ? 0 : min(max(fraction, 0), 1)
    }
}

extension JobPriority {
    /// The nearest to a number.
    nonisolated init(clamping number: Int) {
        self = JobPriority(rawValue: min(max(number, 0), 3)) ?? .normal
    }
}

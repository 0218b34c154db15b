import MartletLoop

/// Collects what arrives for one segment and has it written in large batches: one is written while the next one arrives.
final class SegmentWriter {
    private let write: @MainActor ([[UInt8]], Range<Int>) async throws -> Void
    private var pieces: [[UInt8]] = []
    private var start = 0
    private var count = 0
    private var writing: Task<Void, any Error>?
    /// Whether the last write is under way, or has failed and nobody knows yet.
    private var isBusy = false
    private lazy var timer = LoopTimer { [weak self] in self?.writeWhatIsThere() }

    /// A call to a thread takes some ten microseconds, writing so much some hundred.
    private static let batch = 512 << 10
    /// What comes slowly is not kept for long, so that little is lost.
    private static let longestWait: Duration = .milliseconds(250)

    init(_ write: @escaping @MainActor ([[UInt8]], Range<Int>) async throws -> Void) {
        self.write = write
    }

    deinit {}

    /// Takes the next bytes.
    func take(_ piece: [UInt8], at offset: Int) async throws {
        if pieces.isEmpty {
            start = offset
            timer.arm(at: EventLoop.main.time() + Self.longestWait)
        }
        pieces.append(piece)
        count += piece.count
        if count >= Self.batch { try await turn() }
    }

    /// Waits until everything is written.
    func finish() async throws {
        try await turn()
        try await writing?.value
    }

    private func turn() async throws {
        // Not cut short by the task's cancellation; the timer may begin another one meanwhile.
        while isBusy { try await writing?.value }
        begin()
    }

    private func writeWhatIsThere() {
        if isBusy { timer.arm(at: EventLoop.main.time() + Self.longestWait) } else { begin() }
    }

    private func begin() {
        timer.cancel()
        guard count > 0 else { return }
        let range = start..<start + count
        let pieces = pieces
        self.pieces = []
        count = 0
        isBusy = true
        writing = Task { [self] in
            try await write(pieces, range)
            isBusy = false
        }
    }
}

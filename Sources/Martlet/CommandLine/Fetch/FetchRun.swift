import Glibc
import MartletDownloads
import MartletLoop

/// Downloads under the eyes of a person: shows how far they are, and tells at the end what is there and what is not.
@MainActor
final class FetchRun {
    private let downloads: Downloads
    private let isQuiet: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var shownLines = 0
    private var told = Set<Int>()
    private var isInterrupted = false
    private var signals: [SignalWatch] = []

    private static let interrupted: Int32 = 130

    init(_ downloads: Downloads, isQuiet: Bool) {
        self.downloads = downloads
        self.isQuiet = isQuiet
    }

    deinit {}

    /// Waits for the downloads; returns the process's exit code.
    func run() async -> Int32 {
        let start = EventLoop.Instant.readClock()
        watchSignals()
        for await progress in downloads.progress(every: .milliseconds(isTerminal ? 100 : 250)) {
            if !isQuiet { show(progress) }
        }
        let results = await downloads.results()
        if isTerminal, !isQuiet { erase() }
        return report(results, within: start.duration(to: .readClock()))
    }

    /// The first signal ends the downloads so that they can go on; another one the program.
    private func watchSignals() {
        for number in [SIGINT, SIGTERM] {
            let watch = try? EventLoop.main.onSignal(number) { [self] in
                if isInterrupted { exit(Self.interrupted) }
                isInterrupted = true
                downloads.cancel()
            }
            if let watch { signals.append(watch) }
        }
    }

    // MARK: While it goes on

    private func show(_ progress: DownloadsProgress) {
        var text = isTerminal ? erasing() : ""
        for (index, file) in progress.files.enumerated() where file.isFinished && told.insert(index).inserted {
            if let line = FetchDisplay.verdict(on: file) { text += line + "\n" }
        }
        if isTerminal {
            let lines = FetchDisplay.lines(of: progress, width: size.columns, height: max(2, size.rows - 1))
            for line in lines { text += line + "\n" }
            shownLines = lines.count
        }
        if !text.isEmpty { StandardError.write(text) }
    }

    private func erase() {
        let text = erasing()
        shownLines = 0
        if !text.isEmpty { StandardError.write(text) }
    }

    /// Up to the first line that was shown, and clears what is below (ECMA-48: CUU, ED).
    private func erasing() -> String { shownLines > 0 ? "\u{1B}[\(shownLines)A\r\u{1B}[J" : "" }

    private var size: (columns: Int, rows: Int) {
        var window = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0 else { return (80, 24) }
        return (Int(window.ws_col), Int(window.ws_row))
    }

    // MARK: At the end

    private func report(_ results: [Result<DownloadedFile, DownloadError>], within time: Duration) -> Int32 {
        var files = 0
        var received = 0
        var failures: [DownloadError] = []
        for result in results {
            switch result {
            case .success(let file):
                files += 1
                received += file.received
            case .failure(let error): failures.append(error)
            }
        }
        if !isQuiet {
            StandardError.write(
                FetchDisplay.summary(files: files, of: results.count, received: received, time: time) + "\n")
        }
        for failure in failures { StandardError.write("failed: \(failure)\n") }
        if isInterrupted { return Self.interrupted }
        return failures.isEmpty ? 0 : 1
    }
}

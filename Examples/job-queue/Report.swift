import Martlet
import MartletQueue

/// Work that takes a while, and says how far it is: one report of an account at a time.
nonisolated struct Report: Job {
    static let kind = "report"
    static var options: JobOptions {
        JobOptions(attempts: 3, backoff: .exponential(from: .milliseconds(200), to: .seconds(60)))
    }

    var pages: Int
    var fails: Bool

    func run(_ context: JobContext) async throws {
        for page in 1...max(1, pages) {
            // Where something real would be done.
            try await Task.sleep(for: .milliseconds(50), clock: .eventLoop)
            context.report(Double(page) / Double(pages), "page \(page) of \(pages)")
            if fails, page > pages / 2 { throw OutOfPaper(page: page) }
        }
    }
}

/// What may be in the way of a report.
nonisolated struct OutOfPaper: Error, CustomStringConvertible {
    let page: Int

    var description: String { "there is no paper for page \(page)" }
}

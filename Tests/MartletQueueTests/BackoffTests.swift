import MartletLoop
import Testing

@testable import MartletQueue

@Suite struct BackoffTests {
    @Test("waits double up to the longest, each between its half and its whole") func grows() {
        var generator = SystemRandomNumberGenerator()
        let backoff = JobBackoff.exponential(from: .seconds(1), to: .seconds(60))
        for (attempt, full) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (50, 60), (Int.max, 60)] {
            let wait = backoff.wait(after: attempt, using: &generator)
            #expect(wait >= .milliseconds(full * 500) && wait <= .seconds(full), "\(attempt): \(wait)")
        }
        #expect(JobBackoff.none.wait(after: 3, using: &generator) == .zero)
    }

    @Test("what a database may hold is brought into range") func hostile() {
        var generator = SystemRandomNumberGenerator()
        for (first, longest, factor) in [
            (Int.max, Int.min, Double.infinity), (.min, .max, -.infinity), (-1, 0, .nan), (.max, .max, 1e300),
        ] {
            let backoff = JobBackoff(firstMilliseconds: first, longestMilliseconds: longest, factor: factor)
            for attempt in [Int.min, 0, 1, 1000, .max] {
                let wait = backoff.wait(after: attempt, using: &generator)
                #expect(wait >= .zero && wait <= JobBackoff.limit)
            }
        }
    }

    @Test("texts are cut between characters") func texts() {
        #expect(JobLimits.text("short", 10) == "short")
        let cut = JobLimits.text(String(repeating: "é", count: 20), 10)
        #expect(cut.utf8.count <= 10 && cut.hasSuffix("…") && cut.hasPrefix("ééé"))
    }
}

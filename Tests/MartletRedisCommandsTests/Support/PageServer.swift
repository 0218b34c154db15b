import MartletRESP
import MartletRedis

/// Answers SCAN, or HSCAN, with pages that it was given, and counts how often it was asked.
final class PageServer: RedisCommands {
    private let pages: [[String]]
    /// Which argument is the cursor.
    private let position: Int
    private(set) var asked = 0

    init(position: Int = 1, pages: [[String]]) {
        self.position = position
        self.pages = pages
    }

    @MainActor
    func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        let cursor = Int(String(decoding: command.argumentBytes[position], as: UTF8.self)) ?? 0
        asked += 1
        let next = cursor + 1 < pages.count ? cursor + 1 : 0
        return .array([.bulk("\(next)"), .array(pages[cursor].map { .bulk($0) })])
    }
}

import MartletRESP
import MartletRedis

/// Answers SCAN with pages that it was given, and counts how often it was asked.
final class PageServer: RedisCommands {
    private let pages: [[String]]
    private(set) var asked = 0

    init(pages: [[String]]) { self.pages = pages }

    func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        let cursor = Int(String(decoding: command.argumentBytes[1], as: UTF8.self)) ?? 0
        asked += 1
        let next = cursor + 1 < pages.count ? cursor + 1 : 0
        return .array([.bulk("\(next)"), .array(pages[cursor].map { .bulk($0) })])
    }
}

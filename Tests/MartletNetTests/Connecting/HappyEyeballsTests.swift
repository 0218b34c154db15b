import MartletLoop
import Testing

@testable import MartletNet

@Suite("Which address is tried when (RFC 8305)")
struct HappyEyeballsTests {
    /// What happens, and what is then to be done, at a time in milliseconds.
    nonisolated enum Line: Sendable {
        case resolved(Int, AddressFamily, [String])
        case failed(Int)
        case attempt(Int, String)
        case wait(Int, until: Int)
        case waitForNews(Int)
        case giveUp(Int)
    }

    nonisolated struct Timeline: CustomTestStringConvertible, Sendable {
        let name: String
        var lookups: Set<AddressFamily> = [.ipv6, .ipv4]
        let lines: [Line]
        var testDescription: String { name }
    }

    private nonisolated static let timelines: [Timeline] = [
        Timeline(
            name: "families take turns, IPv6 first, a quarter of a second apart",
            lines: [
                .waitForNews(0),
                .resolved(1, .ipv6, ["[::1]:1", "[::2]:1", "[::3]:1"]), .attempt(1, "[::1]:1"),
                .resolved(2, .ipv4, ["1.0.0.1:1", "1.0.0.2:1"]), .wait(2, until: 251),
                .wait(250, until: 251), .attempt(251, "1.0.0.1:1"), .wait(251, until: 501),
                .attempt(501, "[::2]:1"), .attempt(751, "1.0.0.2:1"), .attempt(1001, "[::3]:1"), .waitForNews(1001),
            ]),
        Timeline(
            name: "IPv4 waits for IPv6 that comes in time",
            lines: [
                .resolved(10, .ipv4, ["1.0.0.1:1"]), .wait(10, until: 60),
                .resolved(59, .ipv6, ["[::1]:1"]), .attempt(59, "[::1]:1"), .attempt(309, "1.0.0.1:1"),
            ]),
        Timeline(
            name: "IPv4 does not wait for IPv6 that is late, which gets its turn when it comes",
            lines: [
                .resolved(10, .ipv4, ["1.0.0.1:1", "1.0.0.2:1"]), .wait(59, until: 60), .attempt(60, "1.0.0.1:1"),
                .resolved(100, .ipv6, ["[::1]:1"]), .wait(100, until: 310), .attempt(310, "[::1]:1"),
                .attempt(560, "1.0.0.2:1"),
            ]),
        Timeline(
            name: "IPv4 does not wait for IPv6 that does not exist",
            lines: [
                .resolved(10, .ipv4, ["1.0.0.1:1"]), .resolved(11, .ipv6, []), .attempt(11, "1.0.0.1:1"),
                .waitForNews(11), .failed(20), .giveUp(20),
            ]),
        Timeline(
            name: "a failure lets the next one start at once",
            lines: [
                .resolved(0, .ipv6, ["[::1]:1"]), .resolved(0, .ipv4, ["1.0.0.1:1"]), .attempt(0, "[::1]:1"),
                .failed(3), .attempt(3, "1.0.0.1:1"), .waitForNews(3), .failed(4), .giveUp(4),
            ]),
        Timeline(
            name: "nobody gives up while a lookup or an attempt is under way",
            lines: [
                .resolved(0, .ipv6, ["[::1]:1"]), .attempt(0, "[::1]:1"), .failed(5), .waitForNews(5),
                .resolved(9, .ipv4, ["1.0.0.1:1"]), .attempt(9, "1.0.0.1:1"), .waitForNews(9), .failed(10), .giveUp(10),
            ]),
        Timeline(
            name: "one family is enough", lookups: [.ipv4],
            lines: [
                .resolved(0, .ipv4, ["1.0.0.1:1", "1.0.0.2:1"]), .attempt(0, "1.0.0.1:1"), .attempt(250, "1.0.0.2:1"),
                .waitForNews(250),
            ]),
        Timeline(name: "no address at all", lines: [.resolved(0, .ipv4, []), .resolved(1, .ipv6, []), .giveUp(1)]),
    ]

    @Test("timelines", arguments: timelines)
    func follows(_ timeline: Timeline) throws {
        var rules = HappyEyeballs(
            lookups: timeline.lookups, attemptDelay: .milliseconds(250), resolutionDelay: .milliseconds(50))
        for line in timeline.lines {
            switch line {
            case .resolved(let time, let family, let addresses):
                rules.resolved(family, try addresses.map { try SocketAddress(parsing: $0) }, at: Self.instant(time))
            case .failed: rules.attemptFailed()
            case .attempt(let time, let address):
                #expect(rules.next(at: Self.instant(time)) == .attempt(try SocketAddress(parsing: address)))
            case .wait(let time, let end):
                #expect(rules.next(at: Self.instant(time)) == .wait(until: Self.instant(end)))
            case .waitForNews(let time):
                #expect(rules.next(at: Self.instant(time)) == .wait(until: .distantFuture))
            case .giveUp(let time): #expect(rules.next(at: Self.instant(time)) == .giveUp)
            }
        }
    }

    @Test("a delay of nothing does not become a burst")
    func leastDelay() {
        var rules = HappyEyeballs(lookups: [.ipv4], attemptDelay: .zero, resolutionDelay: .zero)
        rules.resolved(.ipv4, ["1.0.0.1:1", "1.0.0.2:1"], at: Self.instant(0))
        #expect(rules.next(at: Self.instant(0)) == .attempt("1.0.0.1:1"))
        #expect(rules.next(at: Self.instant(0)) == .wait(until: Self.instant(10)))
    }

    private static func instant(_ milliseconds: Int) -> EventLoop.Instant {
        EventLoop.Instant(nanoseconds: UInt64(1_000 + milliseconds) * 1_000_000)
    }
}

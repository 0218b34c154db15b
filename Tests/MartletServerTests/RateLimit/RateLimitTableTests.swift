import CMartlet
import Glibc
import MartletLoop
import Testing

@testable import MartletServer

@Suite("The table of rate limits")
struct RateLimitTableTests {
    private static let second: UInt64 = 1_000_000_000

    @Test("a burst gets through at once, then one at each interval, and after a pause a burst again")
    func burst() {
        let table = RateLimitTable.allocate(entries: 16)
        let rate = RateLimitRate(count: 2, per: .seconds(1), burst: 3)
        let start = 100 * Self.second
        // Milliseconds after the start, whether it gets through, and what is left.
        let requests: [(at: UInt64, allowed: Bool, remaining: Int, waitMilliseconds: UInt64)] = [
            (0, true, 2, 0), (0, true, 1, 0), (0, true, 0, 500), (0, false, 0, 500), (400, false, 0, 100),
            (500, true, 0, 500), (999, false, 0, 1), (1000, true, 0, 500), (10_000, true, 2, 0), (10_000, true, 1, 0),
            (10_000, true, 0, 500), (10_001, false, 0, 499),
        ]
        for request in requests {
            let decision = table.take(7, rate: rate) { start + request.at * 1_000_000 }
            #expect(decision.isAllowed == request.allowed, "\(request)")
            #expect(decision.remaining == request.remaining, "\(request)")
            #expect(decision.wait == request.waitMilliseconds * 1_000_000, "\(request)")
        }
    }

    @Test("a burst of one spaces requests out")
    func spacing() {
        let table = RateLimitTable.allocate(entries: 16)
        let rate = RateLimitRate(count: 10, per: .seconds(1), burst: 1)
        let allowed = (0..<1000).filter { millisecond in
            table.take(1, rate: rate) { Self.second + UInt64(millisecond) * 1_000_000 }.isAllowed
        }
        #expect(allowed == Array(stride(from: 0, to: 1000, by: 100)))
    }

    @Test(
        "whatever the numbers, no time sees more than a burst and its share",
        arguments: [(1, 1, 1), (7, 60, 7), (3, 1, 10), (1000, 1, 50), (999_999_999, 1, 4)])
    func neverMore(count: Int, seconds: Int, burst: Int) {
        let table = RateLimitTable.allocate(entries: 16)
        let rate = RateLimitRate(count: count, per: .seconds(seconds), burst: burst)
        var generator = SplitMix64(state: UInt64(count))
        var now = Self.second
        var passed: [UInt64] = []
        for _ in 0..<5000 {
            now += UInt64.random(in: 0...(rate.interval), using: &generator)
            if table.take(1, rate: rate, clock: { now }).isAllowed { passed.append(now) }
        }
        for (index, start) in passed.enumerated() {
            for end in [index + burst, index + 2 * burst, index + 100] where end < passed.count {
                #expect(UInt64(end - index + 1) <= UInt64(burst) + (passed[end] - start) / rate.interval)
            }
        }
        #expect(UInt64(passed.count) >= (now - Self.second) / rate.interval / 2)
    }

    @Test("clients do not share, and what was not used for long makes room")
    func clients() {
        let table = RateLimitTable.allocate(entries: 1024)
        let rate = RateLimitRate(count: 1, per: .seconds(1), burst: 1)
        var generator = SplitMix64(state: 1)
        var evictions = 0
        for generation in 1...50 as ClosedRange<UInt64> {
            let clients = (0..<256).map { _ in UInt64.random(in: 1...(.max), using: &generator) }
            for client in clients {
                let now = generation * 2 * Self.second
                #expect(table.take(client, rate: rate, clock: { now }, onEviction: { evictions += 1 }).isAllowed)
                #expect(!table.take(client, rate: rate, clock: { now }).isAllowed)
            }
        }
        #expect(evictions == 0)
    }

    @Test("where there is no room, the client that is free soonest is forgiven, and nobody else")
    func eviction() {
        let table = RateLimitTable.allocate(entries: 16)
        let now = 10 * Self.second
        let rates = (1...17).map { RateLimitRate(count: 1, per: .seconds($0 * 10), burst: 1) }
        var evictions = 0
        for (index, rate) in rates.enumerated() {
            let client = UInt64(index + 1)
            #expect(table.take(client, rate: rate, clock: { now }, onEviction: { evictions += 1 }).isAllowed)
        }
        #expect(evictions == 1)
        for (index, rate) in rates.enumerated().dropFirst() {
            #expect(!table.take(UInt64(index + 1), rate: rate, clock: { now }).isAllowed)
        }
        #expect(table.take(1, rate: rates[0], clock: { now }).isAllowed)
    }

    @Test("a time that cannot be, such as a process leaves that was killed or is broken, locks nobody out")
    func healing() throws {
        let size = RateLimitTable.size(entries: 16)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        let table = RateLimitTable.create(in: memory, entries: 16)
        let words = memory.assumingMemoryBound(to: UInt64.self)
        let rate = RateLimitRate(count: 1, per: .seconds(1), burst: 2)
        let now = 5 * Self.second
        for value: UInt64 in [.max, .max - 1, now + 3 * Self.second, 1 << 63] {
            for index in 0..<16 {
                words[8 + 2 * index] = 3
                words[9 + 2 * index] = value
            }
            #expect(table.take(3, rate: rate) { now }.isAllowed)
            #expect(table.take(3, rate: rate) { now }.isAllowed)
            #expect(!table.take(3, rate: rate) { now }.isAllowed)
        }
        var generator = SplitMix64(state: 9)
        for _ in 0..<2000 {
            for index in 8..<(8 + 32) {
                let word: UInt64 = generator.next()
                words[index] = word >> UInt64.random(in: 0...63, using: &generator)
            }
            _ = table.take(.random(in: 1...(.max), using: &generator), rate: rate) { generator.next() }
        }
    }

    @Test("only a table of the right size is opened")
    func opening() {
        let size = RateLimitTable.size(entries: 32)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        #expect(RateLimitTable(opening: memory, size: size) == nil)
        _ = RateLimitTable.create(in: memory, entries: 32)
        #expect(RateLimitTable(opening: memory, size: size) != nil)
        #expect(RateLimitTable(opening: memory, size: size - 1) == nil)
        for entries: UInt64 in [0, 15, 17, 24, 64, .max, 1 << 62] {
            memory.storeBytes(of: entries, as: UInt64.self)
            #expect(RateLimitTable(opening: memory, size: size) == nil)
        }
    }

    @Test("four threads on two mappings of one memory let through exactly what the rates allow")
    func hammering() async throws {
        let size = RateLimitTable.size(entries: 64)
        let file = martlet_memfd("rate-limits-test")
        #expect(file >= 0 && ftruncate(file, size) == 0)
        let mappings = (0..<2).map { _ in mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)! }
        defer {
            for mapping in mappings { munmap(mapping, size) }
            close(file)
        }
        let first = RateLimitTable.create(in: mappings[0], entries: 64)
        let second = try #require(RateLimitTable(opening: mappings[1], size: size))
        // An hour's interval: what is allowed is the burst alone.
        let rate = RateLimitRate(count: 1, per: .seconds(3600), burst: 500)
        let clients = (1...8).map { UInt64($0) * 1000 }
        @Sendable nonisolated func hammer(_ table: RateLimitTable) -> [UInt64: Int] {
            var passed: [UInt64: Int] = [:]
            for _ in 0..<1000 {
                for client in clients where table.take(client, rate: rate).isAllowed { passed[client, default: 0] += 1 }
            }
            return passed
        }
        async let a = offload { hammer(first) }
        async let b = offload { hammer(second) }
        async let c = offload { hammer(first) }
        async let d = offload { hammer(second) }
        let passed = try await [a, b, c, d].reduce(into: [UInt64: Int]()) { $0.merge($1, uniquingKeysWith: +) }
        // One more or less where two threads were the first at the same entry.
        for client in clients { #expect((500...502).contains(passed[client] ?? 0), "\(passed)") }
    }
}

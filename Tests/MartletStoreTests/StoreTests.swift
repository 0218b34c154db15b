import MartletLoop
import MartletStore
import Testing

@Suite struct StoreTests {
    @Test("a value comes back with its type and version", arguments: StoreBackend.allCases)
    func roundTrip(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            #expect(try await store.get("a") == nil)
            let made = try await store.set("a", StoreValue("one", type: "text/plain"))
            #expect(made.isNew && made.expiry == nil)
            let entry = try #require(try await store.get("a"))
            #expect(entry.value == StoreValue("one", type: "text/plain") && entry.version == made.version)
            #expect(entry.expiry == nil && entry.timeToLive == nil && entry.key == "a")
            let changed = try await store.set("a", "two")
            #expect(!changed.isNew && changed.version > made.version)
            #expect(try await store.get("a")?.value == "two")
            #expect(try await store.remove("a"))
            #expect(try await !store.remove("a"))
            #expect(try await store.get("a") == nil)
            let again = try await store.set("a", "three")
            #expect(again.isNew && again.version > changed.version)
        }
    }

    nonisolated static let hostileKeys: [[UInt8]] = [
        [], [0], [0, 0], Array("a\u{0}b".utf8), [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], Array("ключ 🔑".utf8),
        Array("'; DROP TABLE entries; --".utf8), Array("%_*?[a]\\".utf8), Array("\r\n$5\r\n".utf8), Array("{}".utf8),
        [UInt8](repeating: 0xFF, count: 4096),
    ]

    @Test("keys of any bytes are keys of their own", arguments: StoreBackend.allCases)
    func keys(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            for (index, key) in Self.hostileKeys.enumerated() {
                #expect(try await store.set(StoreKey(key), StoreValue("\(index)")).isNew)
            }
            for (index, key) in Self.hostileKeys.enumerated() {
                #expect(try await store.get(StoreKey(key))?.value.text == "\(index)")
            }
            let listed = try await store.list().items.map(\.key)
            #expect(listed == Self.hostileKeys.map { StoreKey($0) }.sorted())
        }
    }

    @Test("values of any bytes and sizes come back", arguments: StoreBackend.allCases)
    func values(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            let all = (0...255).map { UInt8($0) }
            for (index, value) in [[], [0], all, [UInt8](repeating: 0xA5, count: 1 << 20)].enumerated() {
                try await store.set("\(index)", StoreValue(value))
                #expect(try await store.get("\(index)")?.value.bytes == value)
            }
        }
    }

    @Test("what is too large is refused with the limit", arguments: StoreBackend.allCases)
    func limits(backend: StoreBackend) async throws {
        var limits = StoreLimits()
        limits.key = 8
        limits.value = 16
        try await backend.withStore(limits: limits) { store in
            try await store.set("12345678", StoreValue([UInt8](repeating: 1, count: 16)))
            let long = StoreKey([UInt8](repeating: 0x61, count: 1 << 20))
            await expect(.keyTooLong) { _ = try await store.get(long) }
            await expect(.keyTooLong) { try await store.set(long, "") }
            await expect(.keyTooLong) { try await store.remove(long) }
            await expect(.keyTooLong) { try await store.increment(long) }
            await expect(.valueTooLarge) { try await store.set("a", StoreValue([UInt8](repeating: 1, count: 17))) }
            await expect(.badType) { try await store.set("a", StoreValue("", type: "text/plain\r\nX: y")) }
            #expect(try await store.get("a") == nil)
        }
    }

    // MARK: Conditions

    @Test("a change is made when its condition holds, and not otherwise", arguments: StoreBackend.allCases)
    func conditions(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            await expect(.conflict) { try await store.set("a", "x", if: .present) }
            await expect(.conflict) { try await store.set("a", "x", if: .version(StoreVersion(rawValue: 1))) }
            await expect(.conflict) { try await store.remove("a", if: .present) }
            await expect(.conflict) { try await store.increment("a", by: 1, timeToLive: nil, if: .present) }
            let first = try await store.set("a", "1", if: .absent)
            let error = await expect(.conflict) { try await store.set("a", "x", if: .absent) }
            #expect(error?.version == first.version)
            let second = try await store.set("a", "2", if: .version(first.version))
            await expect(.conflict) { try await store.set("a", "x", if: .version(first.version)) }
            await expect(.conflict) { try await store.remove("a", if: .version(first.version)) }
            #expect(try await store.get("a")?.value == "2")
            let third = try await store.set("a", "3", if: .present)
            #expect(third.version > second.version)
            #expect(try await store.remove("a", if: .version(third.version)))
            #expect(try await !store.remove("a", if: .absent))
        }
    }

    @Test("compare and set is done by one of those who try", arguments: StoreBackend.allCases)
    func compareAndSet(backend: StoreBackend) async throws {
        try await backend.withStores { open in
            let stores = [try await open(), try await open()]
            let before = try await stores[0].get("lock")
            let winners = try await gather(0..<20) { index in
                try await stores[index % 2].compareAndSet("lock", from: before, to: StoreValue("\(index)"))
            }
            #expect(winners.count { $0 } == 1)
            let entry = try #require(try await stores[1].get("lock"))
            #expect(entry.value.number.map(Int.init) == winners.firstIndex(of: true))
            #expect(try await stores[0].compareAndSet("lock", from: entry, to: nil))
            #expect(try await stores[1].get("lock") == nil)
            for store in stores { await store.close() }
        }
    }

    // MARK: Numbers

    @Test("numbers are added to, up to the ends of 64 bits", arguments: StoreBackend.allCases)
    func numbers(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            #expect(try await store.increment("n") == 1)
            #expect(try await store.increment("n", by: 41) == 42)
            #expect(try await store.increment("n", by: -50) == -8)
            #expect(try await store.get("n")?.value.text == "-8")
            try await store.set("n", StoreValue("\(Int64.max - 1)", type: "text/plain"))
            #expect(try await store.increment("n") == .max)
            #expect(try await store.get("n")?.value.type == "text/plain")
            await expect(.overflow) { try await store.increment("n") }
            #expect(try await store.get("n")?.value.number == .max)
            try await store.set("n", StoreValue("\(Int64.min)"))
            await expect(.overflow) { try await store.increment("n", by: -1) }
            #expect(try await store.increment("n", by: .max) == -1)
            #expect(try await store.increment("least", by: .min) == .min)
            for value in [
                "", " 1", "1 ", "+1", "1.0", "1e3", "x", "9223372036854775808", "0x10", "--1", "-", "07", "-0",
            ] {
                try await store.set("n", StoreValue(value))
                await expect(.notANumber) { try await store.increment("n") }
                #expect(try await store.get("n")?.value.text == value)
            }
        }
    }

    @Test("fifty who count at once lose nothing", arguments: StoreBackend.allCases)
    func counting(backend: StoreBackend) async throws {
        try await backend.withStores { open in
            let stores = [try await open(), try await open()]
            let sums = try await gather(0..<50) { index in
                var sums: [Int64] = []
                for _ in 0..<10 { sums.append(try await stores[index % 2].increment("n")) }
                return sums
            }
            #expect(Set(sums.joined()) == Set(1...500))
            #expect(try await stores[0].get("n")?.value.number == 500)
            for store in stores { await store.close() }
        }
    }

    // MARK: Time

    @Test("an entry is gone when its time is over", arguments: StoreBackend.allCases)
    func expiry(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            let made = try await store.set("short", "x", timeToLive: .milliseconds(1))
            #expect(made.expiry != nil)
            try await store.set("long", "x", timeToLive: .seconds(3600))
            let entry = try #require(try await store.get("long"))
            let left = try #require(entry.timeToLive)
            #expect(left > .seconds(3500) && left <= .seconds(3600))
            try await eventually { try await store.get("short") == nil }
            #expect(try await store.list().items.map(\.key) == ["long"])
            // What is gone is absent, for conditions and for numbers.
            let again = try await store.set("short", "y", if: .absent)
            #expect(again.isNew && again.version > made.version && again.expiry == nil)
            // A change without a time makes it stay.
            try await store.set("long", "y")
            #expect(try await store.get("long")?.expiry == nil)
            try await store.set("n", "41", timeToLive: .milliseconds(1))
            try await eventually { try await store.get("n") == nil }
            #expect(try await store.increment("n") == 1)
        }
    }

    @Test("a number keeps its time, and a new one gets it", arguments: StoreBackend.allCases)
    func expiryOfNumbers(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            let first = try await store.increment("n", by: 1, timeToLive: .seconds(100), if: .always)
            let second = try await store.increment("n", by: 1, timeToLive: .seconds(900), if: .always)
            #expect(first.expiry != nil && first.expiry == second.expiry)
            #expect(try await store.get("n")?.expiry == first.expiry)
        }
    }

    @Test("times that are none are refused, and the longest is long enough", arguments: StoreBackend.allCases)
    func times(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            for time in [Duration.zero, .seconds(-1), .nanoseconds(-1)] {
                await expect(.badTimeToLive) { try await store.set("a", "x", timeToLive: time) }
                await expect(.badTimeToLive) { try await store.increment("a", by: 1, timeToLive: time) }
            }
            #expect(try await store.get("a") == nil)
            try await store.set("a", "x", timeToLive: .seconds(Int64.max))
            #expect(try #require(try await store.get("a")?.timeToLive) > .seconds(365 * 86_400))
            let soon = try await store.set("b", "x", timeToLive: .nanoseconds(1))
            #expect(soon.expiry != nil)
        }
    }

    // MARK: Lists

    @Test("entries are listed by prefix, in order, page by page", arguments: StoreBackend.allCases)
    func lists(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            for name in ["b/2", "b/1", "a", "b", "b/10", "c", "b0"] { try await store.set(StoreKey(name), "12345") }
            let all = try await store.list()
            #expect(all.items.map(\.key.text) == ["a", "b", "b/1", "b/10", "b/2", "b0", "c"] && all.next == nil)
            #expect(all.items.allSatisfy { $0.size == 5 && $0.type == nil && $0.expiry == nil })
            let prefixed = try await store.list(prefix: "b/")
            #expect(prefixed.items.map(\.key.text) == ["b/1", "b/10", "b/2"])
            var pages: [[String?]] = []
            var next: StoreKey?
            repeat {
                let page = try await store.list(prefix: "b", after: next, limit: 2)
                pages.append(page.items.map(\.key.text))
                next = page.next
            } while next != nil
            #expect(pages == [["b", "b/1"], ["b/10", "b/2"], ["b0"]])
            #expect(try await store.list(prefix: "x").items.isEmpty)
            #expect(try await store.list(prefix: "b/", after: "a").items.count == 3)
            #expect(try await store.list(prefix: "b/", after: "z").items.isEmpty)
            #expect(try await store.list(prefix: "", after: nil, limit: 0).items.count == 1)
        }
    }

    @Test("prefixes of the highest bytes end where they should", arguments: StoreBackend.allCases)
    func highPrefixes(backend: StoreBackend) async throws {
        try await backend.withStore { store in
            let keys =
                [[0x01, 0xFF], [0x01, 0xFF, 0x01], [0x02], [0xFF], [0xFF, 0xFF], [0xFF, 0xFF, 0x00]] as [[UInt8]]
            for key in keys { try await store.set(StoreKey(key), "") }
            #expect(try await store.list(prefix: StoreKey([0x01, 0xFF])).items.count == 2)
            #expect(try await store.list(prefix: StoreKey([0xFF])).items.count == 3)
            #expect(try await store.list(prefix: StoreKey([0xFF, 0xFF])).items.count == 2)
        }
    }

    // MARK: The end

    @Test("a closed store says so", arguments: StoreBackend.allCases)
    func closed(backend: StoreBackend) async throws {
        try await backend.withStores { open in
            let store = try await open()
            try await store.set("a", "x")
            let changes = try await store.watch(prefix: "")
            await store.close()
            await store.close()
            await expect(.closed) { try await store.set("a", "y") }
            await expect(.closed) { _ = try await store.get("a") }
            await expect(.closed) { _ = try await store.watch(prefix: "") }
            #expect(try await changes.next() == nil)
            let again = try await open()
            #expect(try await again.get("a")?.value == "x")
            await again.close()
        }
    }
}

/// Expects an error of the store.
@discardableResult
func expect(
    _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> StoreError? {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as StoreError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
    return nil
}

import MartletRedis
import RedisFixture
import Testing

@Suite("going through collections")
struct ScanTests {
    private func numbers(_ count: Int) -> [String] { (0..<count).map { "n\($0)" } }

    @Test("all keys come, those of a pattern, and those of a type", arguments: [2, 3])
    func keys(protocolVersion: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            try await client.mset(RedisPairs(numbers(2000).map { ($0, 1) }))
            try await client.rpush("list", 1)
            var keys: Set<String> = []
            for try await key in client.scanKeys(count: 100) { keys.insert(key) }
            #expect(keys == Set(numbers(2000) + ["list"]))
            var some: Set<String> = []
            for try await key in client.scanKeys(matching: "n199?") { some.insert(key) }
            #expect(some == Set((1990..<2000).map { "n\($0)" }))
            var lists: [String] = []
            for try await key in client.scanKeys(type: "list", count: 1000) { lists.append(key) }
            #expect(lists == ["list"])
        }
    }

    @Test("fields, members and scores come, small collections and large ones", arguments: [2, 3], [3, 1000])
    func collections(protocolVersion: Int, count: Int) async throws {
        try await withClient(protocolVersion: protocolVersion) { (client) async throws in
            let names = numbers(count)
            try await client.hset("h", RedisPairs(names.map { ($0, 5) }))
            try await client.sadd("s", names)
            try await client.zadd("z", RedisScores(names.map { ($0, 1.5) }))
            var fields: [String: Int] = [:]
            for try await field in client.scanFields("h", as: Int.self) { fields[field.name] = field.value }
            #expect(Set(fields.keys) == Set(names) && fields.values.allSatisfy { $0 == 5 })
            var members: Set<String> = []
            for try await page in client.scanMembers("s", count: 50).pages {
                #expect(!page.isEmpty)
                members.formUnion(page)
            }
            #expect(members == Set(names))
            var scores: [String: Double] = [:]
            for try await member in client.scanScores("z") { scores[member.member] = member.score }
            #expect(Set(scores.keys) == Set(names) && scores.values.allSatisfy { $0 == 1.5 })
        }
    }

    @Test("what is there all the time comes, whatever else comes and goes")
    func changes() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            try await client.sadd("s", numbers(1000))
            var members: Set<String> = []
            var step = 0
            for try await member in client.scanMembers("s", count: 10) {
                members.insert(member)
                step += 1
                // It grows to many times its size, and shrinks again, and so do the server's tables.
                switch step {
                case ...500: try await client.sadd("s", (0..<20).map { "x\(step)-\($0)" })
                case ...1000: try await client.srem("s", (0..<20).map { "x\(step - 500)-\($0)" })
                default: break
                }
            }
            #expect(members.isSuperset(of: numbers(1000)))
        }
    }

    @Test("no page is asked for before it is needed, and an empty collection has none")
    func laziness() async throws {
        let server = PageServer(pages: [["a", "b"], [], [], ["c"]])
        var iterator = server.scanKeys().makeAsyncIterator()
        #expect(server.asked == 0)
        #expect(try await iterator.next() == "a")
        #expect(try await iterator.next() == "b")
        #expect(server.asked == 1)
        #expect(try await iterator.next() == "c")
        #expect(server.asked == 4)
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
        #expect(server.asked == 4)
        let empty = PageServer(pages: [[]])
        for try await _ in empty.scanKeys() { Issue.record("an element of nothing") }
        #expect(empty.asked == 1)
    }
}

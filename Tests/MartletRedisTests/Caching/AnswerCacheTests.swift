import Testing

@testable import MartletRedis

@Suite("The cache of answers")
struct AnswerCacheTests {
    private typealias Cache = AnswerCache<Int>

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func found(_ cache: inout Cache, _ command: String, now: Int64 = 0) -> Int? {
        if case .answer(let answer) = cache.find(bytes(command), now: now) { answer } else { nil }
    }

    private func put(_ cache: inout Cache, _ command: String, _ keys: [String], _ answer: Int, size: Int = 0) {
        let ticket = cache.begin(bytes(command), keys: keys.map { bytes($0) })
        cache.fill(ticket, with: answer, size: size)
    }

    @Test("an answer is found until one of its keys changes")
    func invalidation() {
        var cache = Cache(maximumCount: 10, maximumBytes: 1 << 20)
        put(&cache, "GET a", ["a"], 1)
        put(&cache, "STRLEN a", ["a"], 2)
        put(&cache, "MGET a b", ["a", "b", "a"], 3)
        put(&cache, "GET b", ["b"], 4)
        #expect(cache.count == 4)
        let affected = cache.invalidate(bytes("a"))
        #expect(affected == 3)
        let affectedAgain = cache.invalidate(bytes("a"))
        #expect(affectedAgain == 0)
        #expect(found(&cache, "GET a") == nil)
        #expect(found(&cache, "MGET a b") == nil)
        #expect(found(&cache, "GET b") == 4)
        cache.removeAll()
        #expect(found(&cache, "GET b") == nil)
        #expect(cache.count == 0)
        #expect(cache.bytes == 0)
    }

    @Test("an answer whose key changed while it was on its way is not kept")
    func races() {
        var cache = Cache(maximumCount: 10, maximumBytes: 1 << 20)
        let old = cache.begin(bytes("GET a"), keys: [bytes("a")])
        guard case .underWay(old) = cache.find(bytes("GET a"), now: 0) else { return #expect(Bool(false)) }
        cache.invalidate(bytes("a"))
        #expect(!cache.isValid(old))
        guard case .nothing = cache.find(bytes("GET a"), now: 0) else { return #expect(Bool(false)) }
        // Somebody asks anew before the old answer comes.
        let new = cache.begin(bytes("GET a"), keys: [bytes("a")])
        let keepsOld = cache.fill(old, with: 1, size: 1)
        #expect(!keepsOld)
        #expect(cache.isValid(new))
        let keepsNew = cache.fill(new, with: 2, size: 1)
        #expect(keepsNew)
        #expect(found(&cache, "GET a") == 2)
        cache.abandon(old)
        cache.abandon(new)
        #expect(found(&cache, "GET a") == 2)
        // The connection is lost while a question is under way.
        let lost = cache.begin(bytes("GET b"), keys: [bytes("b")])
        cache.removeAll()
        let keepsLost = cache.fill(lost, with: 3, size: 1)
        #expect(!keepsLost)
    }

    @Test("what was used least recently makes room")
    func eviction() {
        var cache = Cache(maximumCount: 2, maximumBytes: 1 << 20)
        put(&cache, "GET a", ["a"], 1)
        put(&cache, "GET b", ["b"], 2)
        #expect(found(&cache, "GET a") == 1)
        put(&cache, "GET c", ["c"], 3)
        #expect(found(&cache, "GET b") == nil)
        #expect(found(&cache, "GET a") == 1)
        #expect(found(&cache, "GET c") == 3)
        #expect(cache.evictions == 1)
    }

    @Test("bytes have a bound, and what could never fit is not kept")
    func size() {
        var cache = Cache(maximumCount: 100, maximumBytes: 1000)
        put(&cache, "GET a", ["a"], 1, size: 400)
        put(&cache, "GET b", ["b"], 2, size: 400)
        #expect(cache.count == 1)
        #expect(cache.bytes <= 1000)
        put(&cache, "GET c", ["c"], 3, size: 1001)
        put(&cache, "GET d", ["d"], 3, size: .max)
        #expect(found(&cache, "GET c") == nil)
        #expect(found(&cache, "GET b") == 2)
        var none = Cache(maximumCount: 0, maximumBytes: 0)
        put(&none, "GET a", ["a"], 1)
        #expect(found(&none, "GET a") == nil)
    }

    @Test("an answer can be too old")
    func age() {
        var cache = Cache(maximumCount: 2, maximumBytes: 1000)
        cache.fill(cache.begin(bytes("GET a"), keys: [bytes("a")]), with: 1, size: 1, until: 100)
        #expect(found(&cache, "GET a", now: 99) == 1)
        #expect(found(&cache, "GET a", now: 100) == nil)
        #expect(cache.count == 0)
    }

    @Test("any order of questions, answers and changes leaves the books right")
    func books() {
        var generator = SplitMix(state: 42)
        var cache = Cache(maximumCount: 8, maximumBytes: 4000)
        var tickets: [(ticket: Cache.Ticket, version: Int, keys: [Int])] = []
        var versions = [Int](repeating: 0, count: 6)
        for step in 0..<20_000 {
            let key = Int.random(in: 0..<6, using: &generator)
            let other = Int.random(in: 0..<6, using: &generator)
            let command = "GET \(key) \(other)"
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                switch cache.find(bytes(command), now: 0) {
                case .answer(let answer):
                    // Never older than the last change of either key.
                    #expect(answer >= max(versions[key], versions[other]), "step \(step)")
                case .underWay: break
                case .nothing:
                    let ticket = cache.begin(bytes(command), keys: [bytes("\(key)"), bytes("\(other)")])
                    tickets.append((ticket, step, [key, other]))
                }
            case 4..<7 where !tickets.isEmpty:
                let (ticket, version, _) = tickets.remove(at: .random(in: 0..<tickets.count, using: &generator))
                if Bool.random(using: &generator) {
                    cache.fill(ticket, with: version, size: Int.random(in: 0..<500, using: &generator))
                } else {
                    cache.abandon(ticket)
                }
            case 7, 8:
                versions[key] = step
                cache.invalidate(bytes("\(key)"))
            default:
                if Int.random(in: 0..<50, using: &generator) == 0 { cache.removeAll() }
            }
            #expect(cache.count <= 8)
            #expect(cache.bytes <= 4000)
            #expect(cache.bytes >= cache.count * 128)
        }
    }
}

/// Chance that is the same every time.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

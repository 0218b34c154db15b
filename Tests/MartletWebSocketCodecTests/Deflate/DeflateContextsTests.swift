import Testing

@testable import MartletWebSocketCodec

@Suite("permessage-deflate: what a worker lends")
struct DeflateContextsTests {
    @Test("what comes back is lent again, for the same window, and remembers nothing")
    func lendsAgain() throws {
        let contexts = DeflateContexts()
        let deflater = contexts.takeDeflater(windowBits: 15)
        let inflater = contexts.takeInflater(windowBits: 15)
        let first = deflater.payload(Sample.chatter(1))
        #expect(try inflater.message(first) == Sample.chatter(1))
        #expect(throws: InflateError.self) { try inflater.message([0xFF]) }
        contexts.giveBack(deflater)
        contexts.giveBack(inflater)

        #expect(contexts.takeDeflater(windowBits: 12) !== deflater)
        #expect(contexts.takeInflater(windowBits: 12) !== inflater)
        let again = contexts.takeDeflater(windowBits: 15)
        #expect(again === deflater && contexts.takeInflater(windowBits: 15) === inflater)
        #expect(again.payload(Sample.chatter(1)) == first)
        #expect(try inflater.message(first) == Sample.chatter(1))
    }

    @Test("no two are lent to two at a time")
    func lendsToOne() {
        let contexts = DeflateContexts()
        #expect(contexts.takeDeflater(windowBits: 9) !== contexts.takeDeflater(windowBits: 9))
        #expect(contexts.takeInflater(windowBits: 8) !== contexts.takeInflater(windowBits: 8))
    }

    @Test("only a few are kept")
    func keepsFew() {
        let contexts = DeflateContexts()
        weak var first: MessageDeflater?
        weak var last: MessageInflater?
        do {
            let deflaters = (0..<20).map { _ in contexts.takeDeflater(windowBits: 9) }
            let inflaters = (0..<20).map { _ in contexts.takeInflater(windowBits: 9) }
            deflaters.forEach(contexts.giveBack)
            inflaters.forEach(contexts.giveBack)
            first = deflaters.first
            last = inflaters.last
        }
        #expect(first == nil && last != nil)
    }

    @Test("a deflater of another level is not kept")
    func otherLevel() {
        let contexts = DeflateContexts(level: 1, memoryLevel: 1)
        let other = MessageDeflater(windowBits: 9, level: 2, memoryLevel: 1)
        contexts.giveBack(other)
        let lent = contexts.takeDeflater(windowBits: 9)
        #expect(lent !== other && lent.level == 1 && lent.memoryLevel == 1)
    }
}

import Testing

@testable import MartletLoop

@Suite("Counters")
struct CountersTests {
    private nonisolated enum Fruit: Int, CounterName { case apples, pears, plums }

    @Test("each name has a word of its own, which starts at zero")
    func words() {
        let counters = Counters<Fruit>.allocate()
        #expect(Fruit.allCases.map(counters.load) == [0, 0, 0])
        counters.add(.pears)
        counters.add(.pears, 41)
        counters.set(.plums, 7)
        #expect(Fruit.allCases.map(counters.load) == [0, 42, 7])
        #expect(Counters<Fruit>.wordCount == 3)
    }

    @Test("a maximum only rises")
    func maximum() {
        let counters = Counters<Fruit>.allocate()
        for value: UInt64 in [3, 9, 4] { counters.raise(.apples, to: value) }
        #expect(counters.load(.apples) == 9)
    }

    @Test("a gauge goes up and down")
    func gauge() {
        let counters = Counters<Fruit>.allocate()
        counters.add(.apples, 5)
        counters.subtract(.apples)
        counters.subtract(.apples, 2)
        #expect(counters.load(.apples) == 2)
    }

    @Test("a counter wraps around in place of trapping")
    func wrapping() {
        let counters = Counters<Fruit>.allocate()
        counters.set(.apples, .max)
        counters.add(.apples, 2)
        #expect(counters.load(.apples) == 1)
        counters.subtract(.apples, 2)
        #expect(counters.load(.apples) == .max)
    }

    @Test("two views of one memory see the same values")
    func sharedMemory() {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: Counters<Fruit>.wordCount)
        words.initialize(repeating: 0, count: Counters<Fruit>.wordCount)
        defer { words.deallocate() }
        Counters<Fruit>(words: words).add(.plums, 3)
        #expect(Counters<Fruit>(words: words).load(.plums) == 3)
    }

    @Test("the loop's counters count from zero without gaps")
    func loopCounterIsDense() {
        #expect(LoopCounter.allCases.map(\.rawValue) == Array(0..<LoopCounter.allCases.count))
    }
}

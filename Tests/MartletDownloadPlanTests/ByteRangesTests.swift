import MartletDownloadPlan
import Testing

@Suite struct ByteRangesTests {
    @Test("ranges are the set of their bytes, in whatever order they come", arguments: 0..<100)
    func set(seed: UInt64) {
        var random = Seeded(state: seed)
        var ranges = ByteRanges()
        var bytes = Set<Int>()
        for _ in 0..<40 {
            let start = Int.random(in: 0..<200, using: &random)
            let range = start..<start + Int.random(in: 0..<12, using: &random)
            ranges.insert(range)
            bytes.formUnion(range)
        }
        #expect(ranges.ranges.flatMap(Array.init) == bytes.sorted())
        #expect(ranges.count == bytes.count)
        #expect(zip(ranges.ranges, ranges.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        #expect(ranges.gaps(to: 150).flatMap(Array.init) == (0..<150).filter { !bytes.contains($0) })
    }

    @Test("a set covers a length when nothing in front of it is missing") func cover() {
        #expect(ByteRanges().cover(0) && !ByteRanges().cover(1))
        #expect(ByteRanges([0..<5, 5..<9]).cover(9) && !ByteRanges([0..<5, 6..<9]).cover(9))
        #expect(!ByteRanges([1..<9]).cover(9))
    }
}

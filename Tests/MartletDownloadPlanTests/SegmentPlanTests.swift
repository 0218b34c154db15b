import MartletDownloadPlan
import Testing

@Suite struct SegmentPlanTests {
    @Test("a file is one segment until a second one takes half of what is left") func halves() throws {
        var plan = SegmentPlan(length: 1000, smallest: 100)
        let firstSegment = plan.begin()
        let first = try #require(firstSegment)
        #expect(first.start == 0 && first.end == 1000)
        let place1 = plan.receive(200, of: first.id)
        #expect(place1 == (0, 200))
        let secondSegment = plan.begin()
        let second = try #require(secondSegment)
        #expect(second.start == 600 && second.end == 1000)
        // The first one is told to stop where the second begins, whatever the server sends.
        let place2 = plan.receive(700, of: first.id)
        #expect(place2 == (200, 400))
        let place3 = plan.receive(1, of: first.id)
        #expect(place3 == (600, 0))
    }

    @Test("halves that are not worth a request are left alone") func smallest() {
        var plan = SegmentPlan(length: 199, smallest: 100)
        _ = plan.begin()
        #expect(!plan.hasWork)
    }

    @Test("what is there already is not fetched again") func resume() throws {
        var plan = SegmentPlan(length: 100, done: ByteRanges([0..<10, 50..<60]), smallest: 1000)
        let firstSegment = plan.begin()
        let first = try #require(firstSegment)
        let secondSegment = plan.begin()
        let second = try #require(secondSegment)
        #expect([first.start, first.end, second.start, second.end] == [10, 50, 60, 100])
        let none = plan.begin()
        #expect(none == nil)
    }

    @Test("what a segment has received and not written is missing again when it ends") func failure() throws {
        var plan = SegmentPlan(length: 100, smallest: 1000)
        let firstSegment = plan.begin()
        let first = try #require(firstSegment)
        _ = plan.receive(70, of: first.id)
        plan.wrote(0..<30)
        plan.end(first.id)
        let againSegment = plan.begin()
        let again = try #require(againSegment)
        #expect(again.start == 30 && again.end == 100)
        _ = plan.receive(70, of: again.id)
        plan.wrote(30..<100)
        #expect(plan.isComplete)
    }

    @Test("a file of unknown length is one segment, and complete where it ends") func unknownLength() throws {
        var plan = SegmentPlan(length: nil, smallest: 1)
        let onlySegment = plan.begin()
        let only = try #require(onlySegment)
        let none = plan.begin()
        #expect(none == nil)
        let place4 = plan.receive(50, of: only.id)
        #expect(place4 == (0, 50))
        plan.wrote(0..<50)
        #expect(!plan.isComplete)
        plan.finish(at: 50)
        #expect(plan.isComplete)
    }

    @Test("an empty file is complete at once") func empty() {
        let plan = SegmentPlan(length: 0, smallest: 1)
        #expect(plan.isComplete && !plan.hasWork)
    }

    @Test("whatever segments do, every byte is written once and the file ends up complete", arguments: 0..<200)
    func property(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let length = Int.random(in: 0...5000, using: &random)
        var plan = SegmentPlan(length: length, smallest: Int.random(in: 1...500, using: &random))
        var copies = [Int](repeating: 0, count: length)
        var active: [Int] = []
        while !plan.isComplete {
            let choice = Int.random(in: 0..<10, using: &random)
            if active.isEmpty || (choice < 2 && active.count < 6) {
                if let segment = plan.begin() { active.append(segment.id) }
            } else {
                let index = Int.random(in: 0..<active.count, using: &random)
                if choice < 3 {
                    plan.end(active.remove(at: index))
                } else {
                    let (offset, count) = plan.receive(Int.random(in: 0...400, using: &random), of: active[index])
                    plan.wrote(offset..<offset + count)
                    for byte in offset..<offset + count { copies[byte] += 1 }
                    if plan.segment(active[index])?.remaining == 0 { plan.end(active.remove(at: index)) }
                }
            }
        }
        #expect(copies.allSatisfy { $0 == 1 })
    }
}

struct Seeded: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

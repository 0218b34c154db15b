import Testing

@testable import MartletSupervisor

@Suite("Coverage")
struct CoverageTests {
    private func acceptors(_ slots: [Int]) -> [Coverage.Acceptor] {
        slots.map { Coverage.Acceptor(worker: worker($0), slot: $0) }
    }

    /// The worker of a slot.
    private func worker(_ slot: Int) -> WorkerID { WorkerID(number: UInt64(100 + slot)) }

    @Test(
        "idle slots are dealt out evenly, each to the next of the least burdened",
        arguments: [
            (slots: 4, ready: [0, 1, 2, 3], expected: [:]),
            (slots: 4, ready: [0], expected: [1: 0, 2: 0, 3: 0]),
            (slots: 4, ready: [0, 1], expected: [2: 0, 3: 1]),
            (slots: 4, ready: [0, 2, 3], expected: [1: 2]),
            (slots: 4, ready: [0, 1, 2], expected: [3: 0]),
            (slots: 6, ready: [1, 4], expected: [0: 1, 2: 4, 3: 4, 5: 1]),
            (slots: 1, ready: [], expected: [:]),
        ])
    func assignment(slots: Int, ready: [Int], expected: [Int: Int]) {
        let assigned = Coverage.assign(slots: slots, covered: Set(ready), acceptors: acceptors(ready))
        #expect(assigned == expected.mapValues(worker))
    }

    @Test("whoever is ready, every other slot is adopted, and nobody has more than one more than another")
    func allSubsets() {
        for slots in 1...7 {
            for mask in 1..<(1 << slots) {
                let ready = (0..<slots).filter { mask >> $0 & 1 == 1 }
                let assigned = Coverage.assign(slots: slots, covered: Set(ready), acceptors: acceptors(ready))
                #expect(Set(assigned.keys) == Set(0..<slots).subtracting(ready))
                let burdens = ready.map { slot in assigned.values.count { $0 == worker(slot) } }
                #expect((burdens.max() ?? 0) - (burdens.min() ?? 0) <= 1)
            }
        }
    }

    @Test("a slot that a reload's worker covers is nobody's to adopt, and that worker adopts nothing")
    func candidate() {
        let assigned = Coverage.assign(slots: 3, covered: [0, 1], acceptors: acceptors([1]))
        #expect(assigned == [2: worker(1)])
    }

    @Test("only what differs is told, and a slot that changes hands is adopted before it is released")
    func change() {
        let old = [1: worker(0), 2: worker(0), 3: worker(0)]
        let new = [2: worker(0), 3: worker(4), 5: worker(4)]
        let change = Coverage.change(from: old, to: new)
        #expect(change.adopt.map(\.slot) == [3, 5])
        #expect(change.adopt.map(\.worker) == [worker(4), worker(4)])
        #expect(change.release.map(\.slot) == [1, 3])
        #expect(change.release.map(\.worker) == [worker(0), worker(0)])
        #expect(Coverage.change(from: new, to: new) == Coverage.Change())
    }
}

import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("Keys for session tickets")
struct TicketKeyMemoryTests {
    private func withMemory(_ body: (SharedMemory) throws -> Void) throws {
        let shared = try SharedMemory("martlet-test", size: TicketKeyMemory.size)
        defer { shared.close() }
        try body(shared)
    }

    @Test("what the supervisor makes, a worker reads: one key to encrypt with and three others")
    func reading() throws {
        try withMemory { shared in
            #expect(TicketKeyMemory(opening: shared.base) == nil)
            let memory = TicketKeyMemory.create(in: shared.base)
            let mapped = try SharedMemory.map(
                shared.descriptor, offset: 0, size: TicketKeyMemory.size, "map it", isWritable: false)
            let other = try #require(TicketKeyMemory(opening: mapped))
            let keys = try #require(memory.read())
            let theirs = try #require(other.read())
            #expect(theirs.present == keys.present && theirs.others == keys.others)
            #expect(keys.others.count == 3)
            #expect(Set([keys.present] + keys.others).count == 4)
            #expect(keys.others.allSatisfy { $0.count == TicketKeyMemory.keyLength })
        }
    }

    @Test("a rotation takes the key that was known before, keeps the last two and changes the sequence")
    func rotation() throws {
        try withMemory { shared in
            let memory = TicketKeyMemory.create(in: shared.base)
            var presents = [try #require(memory.read()).present]
            for _ in 0..<4 {
                let before = try #require(memory.read())
                let sequence = memory.sequence
                memory.rotate()
                let after = try #require(memory.read())
                #expect(memory.sequence != sequence)
                #expect(after.present == before.others[0], "everybody accepts it already")
                #expect(after.others[1] == before.present)
                presents.append(after.present)
            }
            let last = try #require(memory.read())
            #expect(Array(last.others[1...]) == [presents[3], presents[2]])
            #expect(Set(presents).count == presents.count)
        }
    }
}

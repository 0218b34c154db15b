import Glibc
import MartletLoop
import MartletServer
import Testing

@testable import MartletSupervisor

@Suite("Statistics memory")
struct StatisticsMemoryTests {
    @Test("a block is whole pages and starts as zeros")
    func blocksAreZero() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        #expect(StatisticsLayout.blockSize.isMultiple(of: Int(sysconf(Int32(_SC_PAGESIZE)))))
        let block = try memory.allocate(slot: 0)
        #expect(memory.values(of: block).figures.allSatisfy { $0.value == 0 })
    }

    @Test("the header tells the layout")
    func header() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        var bytes = [UInt8](repeating: 0, count: 48)
        #expect(pread(memory.descriptor, &bytes, 48, 0) == 48)
        #expect(Array(bytes[..<8]) == Array("MARTLET1".utf8))
        let words = bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }
        #expect(words[1] == 1)
        #expect(words[2] == UInt64(StatisticsLayout.blockSize))
        #expect(words[3] == UInt64(StatisticsLayout.headerSize))
    }

    @Test("what a worker counts through its own mapping shows in its slot and in the total")
    func mappedBlock() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        let block = try memory.allocate(slot: 3)
        let worker = try WorkerStatistics.map(
            descriptor: memory.descriptor, offset: block.offset, blockSize: StatisticsLayout.blockSize)
        worker.http.add(.requests, 5)
        worker.loop.add(.ticks, 7)
        worker.latency.record(nanoseconds: 1_000_000)
        let snapshot = memory.snapshot()
        #expect(snapshot.total[HTTPCounter.requests] == 5)
        #expect(snapshot.slots.map(\.slot) == [3])
        #expect(snapshot.slots[0].values[LoopCounter.ticks] == 7)
        #expect(snapshot.total[LatencyFigure.count] == 1)
        #expect(abs(Double(snapshot.total[LatencyFigure.percentile99]) - 1e6) < 1e4)
    }

    @Test(
        "a block that is none is refused",
        arguments: [
            (0, StatisticsLayout.blockSize), (StatisticsLayout.headerSize, 4096), (-1, StatisticsLayout.blockSize),
            (StatisticsLayout.headerSize + 8, StatisticsLayout.blockSize), (Int.max, StatisticsLayout.blockSize),
            (StatisticsLayout.fileSize, StatisticsLayout.blockSize),
        ])
    func refusedMapping(offset: Int, blockSize: Int) throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        #expect(throws: SystemError.self) {
            try WorkerStatistics.map(descriptor: memory.descriptor, offset: offset, blockSize: blockSize)
        }
    }

    @Test("nobody can shrink the memory under the supervisor")
    func sealed() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        #expect(ftruncate(memory.descriptor, 0) == -1 && errno == EPERM)
    }

    @Test("only touched blocks take memory")
    func sparse() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        for slot in 0..<4 { try memory.allocate(slot: slot).loop.add(.ticks) }
        var facts = stat()
        #expect(fstat(memory.descriptor, &facts) == 0)
        #expect(Int(facts.st_blocks) * 512 <= StatisticsLayout.headerSize + 8 * StatisticsLayout.blockSize)
    }

    @Test("retiring keeps counters and maxima, and drops gauges")
    func retiring() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        for longest: UInt64 in [900, 400] {
            let block = try memory.allocate(slot: 0)
            block.http.add(.requests, 10)
            block.http.set(.connectionsActive, 3)
            block.loop.raise(.longestTickNanoseconds, to: longest)
            block.process.set(.startedAtUnix, 1_700_000_000)
            block.latency.record(nanoseconds: 5_000)
            memory.retire(block)
            memory.retire(block)
        }
        let values = memory.values(ofSlot: 0)
        #expect(values[HTTPCounter.requests] == 20)
        #expect(values[HTTPCounter.connectionsActive] == 0)
        #expect(values[LoopCounter.longestTickNanoseconds] == 900)
        #expect(values[ProcessCounter.startedAtUnix] == 0)
        #expect(values[LatencyFigure.count] == 2)
    }

    @Test("a freed block is used again, as zeros")
    func reuse() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        let first = try memory.allocate(slot: 0)
        first.http.add(.requests)
        first.latency.record(nanoseconds: 1)
        memory.retire(first)
        let second = try memory.allocate(slot: 0)
        #expect(second.offset == first.offset)
        #expect(memory.values(of: second).figures.allSatisfy { $0.value == 0 })
        #expect(memory.values(ofSlot: 0)[HTTPCounter.requests] == 1)
    }

    @Test("when all blocks are in use the error says so")
    func exhausted() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        for _ in 1..<StatisticsLayout.capacity { _ = try memory.allocate(slot: 0) }
        let error = #expect(throws: SystemError.self) { try memory.allocate(slot: 0) }
        #expect(error?.code == ENOSPC)
    }

    @Test("slot and service counters show where they belong")
    func supervisorCounters() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        try memory.count(.respawns, slot: 1)
        try memory.service().add(.reloadsFailed, 2)
        let snapshot = memory.snapshot()
        #expect(snapshot.total[SlotCounter.respawns] == 1)
        #expect(snapshot.total[ServiceCounter.reloadsFailed] == 2)
        #expect(snapshot.slots.map(\.slot) == [1])
        #expect(snapshot.slots[0].values[SlotCounter.respawns] == 1)
    }

    @Test("totals never go backwards, whatever workers come, count and go", arguments: 0..<6 as Range<UInt64>)
    func totalsAreMonotonic(seed: UInt64) throws {
        var random = Dice(state: seed)
        let memory = try StatisticsMemory()
        defer { memory.close() }
        var living: [(slot: Int, block: WorkerStatistics)] = []
        var requests: [Int: UInt64] = [:]
        var durations: UInt64 = 0
        var last = memory.snapshot().total

        for _ in 0..<100 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                let slot = Int.random(in: 0..<4, using: &random)
                living.append((slot, try memory.allocate(slot: slot)))
            case 1 where !living.isEmpty:
                let gone = living.remove(at: Int.random(in: 0..<living.count, using: &random))
                memory.retire(gone.block)
            default:
                guard let worker = living.randomElement(using: &random) else { continue }
                let amount = UInt64.random(in: 0...1_000_000, using: &random)
                worker.block.http.add(.requests, amount)
                worker.block.loop.raise(.longestTickNanoseconds, to: amount)
                worker.block.latency.record(nanoseconds: amount)
                requests[worker.slot, default: 0] += amount
                durations += 1
            }
            let snapshot = memory.snapshot()
            for (before, after) in zip(last.figures, snapshot.total.figures)
            where [.counter, .maximum].contains(before.field.kind) {
                #expect(after.value >= before.value, "\(before.field.name)")
            }
            for slot in snapshot.slots {
                #expect(slot.values[HTTPCounter.requests] == requests[slot.slot, default: 0])
            }
            #expect(snapshot.total[HTTPCounter.requests] == requests.values.reduce(0, +))
            #expect(snapshot.total[LatencyFigure.count] == durations)
            last = snapshot.total
        }
    }
}

/// Random numbers that are the same at every run: SplitMix64.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

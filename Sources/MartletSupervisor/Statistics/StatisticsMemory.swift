import CMartlet
import Glibc
import MartletLoop

/// Seals of memory files, from linux/fcntl.h, which Swift does not import (man 2 fcntl).
private nonisolated enum Seal {
    static let add: Int32 = 1033
    static let seal: Int32 = 1
    static let shrink: Int32 = 2
    static let grow: Int32 = 4
}

/// The memory that everything is counted in: owned by the supervisor, mapped by the workers, a block for each.
///
/// A worker's block lives as long as its process. When the process is reaped, `retire` adds the block to the retired
/// totals of its slot and frees it. A slot's total is its retired totals and its living workers together; it never goes
/// backwards, because a word is read from exactly one of the two places and nothing is written in between.
///
/// The memory is a sealed sparse file of fixed size (64 MiB for 4,096 blocks): pointers never move, only touched pages
/// exist, and no worker can shrink it under the supervisor's feet. What a broken worker writes into it can make figures
/// wrong, nothing more.
public final class StatisticsMemory {
    /// The memory file; pass it to every worker. Close-on-exec.
    public let descriptor: Int32

    private let base: UnsafeMutableRawPointer
    private var touched = 0
    private var free: [WorkerStatistics] = []
    private var living: [Int: [WorkerStatistics]] = [:]
    private var retired: [Int: WorkerStatistics] = [:]
    private var own: WorkerStatistics?

    /// Creates the memory.
    public init() throws(SystemError) {
        let size = StatisticsLayout.fileSize
        let file = martlet_memfd("martlet-statistics")
        guard file >= 0 else { throw SystemError("create the statistics memory", code: -file) }
        guard ftruncate(file, size) == 0, fcntl(file, Seal.add, Seal.seal | Seal.shrink | Seal.grow) == 0 else {
            let error = SystemError("size the statistics memory", target: "to \(size) bytes")
            Glibc.close(file)
            throw error
        }
        let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let memory, memory != MAP_FAILED else {
            let error = SystemError("map the statistics memory", target: "of \(size) bytes")
            Glibc.close(file)
            throw error
        }
        descriptor = file
        base = memory
        StatisticsLayout.writeHeader(to: base.assumingMemoryBound(to: UInt64.self))
    }

    /// Unmaps the memory; no block of it may be used any more.
    public func close() {
        munmap(base, StatisticsLayout.fileSize)
        Glibc.close(descriptor)
    }

    // MARK: Blocks

    /// A zeroed block for a new worker of a slot, until `retire`.
    ///
    /// - Throws: `ENOSPC` when all blocks are in use.
    public func allocate(slot: Int) throws(SystemError) -> WorkerStatistics {
        _ = try totals(ofSlot: slot)
        let block = try takeBlock()
        living[slot, default: []].append(block)
        return block
    }

    /// Adds a reaped worker's block to its slot's retired totals and frees it; does nothing if that was done before.
    ///
    /// Call it only when the process is gone: what it would count later is lost.
    public func retire(_ block: WorkerStatistics) {
        for (slot, blocks) in living {
            guard let index = blocks.firstIndex(where: { $0.offset == block.offset }) else { continue }
            living[slot]?.remove(at: index)
            if let totals = retired[slot] { fold(block, into: totals) }
            words(of: block).update(repeating: 0, count: StatisticsLayout.blockSize / 8)
            free.append(block)
            return
        }
    }

    /// Counts something that happened to a slot.
    public func count(_ name: SlotCounter, slot: Int) throws(SystemError) {
        try totals(ofSlot: slot).slot.add(name)
    }

    /// What happened to the service as a whole.
    public func service() throws(SystemError) -> Counters<ServiceCounter> {
        if let own { return own.service }
        let block = try takeBlock()
        own = block
        return block.service
    }

    private func totals(ofSlot slot: Int) throws(SystemError) -> WorkerStatistics {
        if let block = retired[slot] { return block }
        let block = try takeBlock()
        retired[slot] = block
        return block
    }

    private func takeBlock() throws(SystemError) -> WorkerStatistics {
        if let block = free.popLast() { return block }
        guard touched < StatisticsLayout.capacity else {
            throw SystemError(
                "start another worker", code: ENOSPC,
                advice: "all \(StatisticsLayout.capacity) statistics blocks are in use; wait until workers have drained"
            )
        }
        let offset = StatisticsLayout.offset(ofBlock: touched)
        touched += 1
        return WorkerStatistics(offset: offset, words: (base + offset).assumingMemoryBound(to: UInt64.self))
    }

    private func words(of block: WorkerStatistics) -> UnsafeMutablePointer<UInt64> {
        (base + block.offset).assumingMemoryBound(to: UInt64.self)
    }

    private func fold(_ block: WorkerStatistics, into totals: WorkerStatistics) {
        let source = words(of: block)
        let target = words(of: totals)
        for entry in StatisticsCatalogue.counters where entry.field.kind.outlivesItsProcess {
            let sum = entry.field.kind.merge(target[entry.word], martlet_counter_load(source + entry.word))
            martlet_counter_store(target + entry.word, sum)
        }
        totals.latency.add(block.latency)
    }

    // MARK: Reading

    /// Every slot that ever had a worker, in order.
    public var slots: [Int] { retired.keys.sorted() }

    /// What one living worker has counted.
    public func values(of block: WorkerStatistics) -> StatisticsValues {
        withScratchHistogram { histogram in merged([block], histogram) }
    }

    /// What a slot's workers have counted, the dead ones included; zeros for an unknown slot.
    public func values(ofSlot slot: Int) -> StatisticsValues {
        withScratchHistogram { histogram in merged(blocks(ofSlot: slot), histogram) }
    }

    /// Everything at once; costs some 10 µs for each block.
    public func snapshot() -> StatisticsSnapshot {
        let total = withScratchHistogram { histogram in
            merged(slots.flatMap(blocks(ofSlot:)) + (own.map { [$0] } ?? []), histogram)
        }
        return StatisticsSnapshot(
            takenAt: .readClock(), total: total,
            slots: slots.map { .init(slot: $0, values: values(ofSlot: $0)) })
    }

    private func blocks(ofSlot slot: Int) -> [WorkerStatistics] {
        (retired[slot].map { [$0] } ?? []) + (living[slot] ?? [])
    }

    private func merged(_ blocks: [WorkerStatistics], _ histogram: LatencyHistogram) -> StatisticsValues {
        var values = StatisticsValues()
        for block in blocks {
            values.merge(words(of: block))
            histogram.add(block.latency)
        }
        values.summarize(histogram)
        return values
    }

    private func withScratchHistogram<Result>(_ body: (LatencyHistogram) -> Result) -> Result {
        let histogram = LatencyHistogram.allocate()
        defer { histogram.deallocate() }
        return body(histogram)
    }
}

import CMartlet
import Glibc
import MartletLoop

/// The memory that everything is counted in: owned by the supervisor, mapped by the workers, a block for each.
///
/// A worker's block lives as long as its process. When the process is reaped, `retire` adds the block to the retired
/// totals of its slot and frees it. A slot's total is its retired totals and its living workers together; it never goes
/// backwards, because a word is read from exactly one of the two places and nothing is written in between.
///
/// The memory has a fixed size (64 MiB for 4,096 blocks), of which only touched pages exist. What a broken worker writes
/// into it can make figures wrong, nothing more.
public final class StatisticsMemory {
    /// The memory file; pass it to every worker. Close-on-exec.
    public var descriptor: Int32 { memory.descriptor }

    private let memory: SharedMemory
    private var base: UnsafeMutableRawPointer { memory.base }
    private var touched = 0
    private var free: [WorkerStatistics] = []
    private var living: [Int: [WorkerStatistics]] = [:]
    private var retired: [Int: WorkerStatistics] = [:]
    private var own: WorkerStatistics?

    /// Creates the memory.
    public init() throws(SystemError) {
        memory = try SharedMemory("martlet-statistics", size: StatisticsLayout.fileSize)
        StatisticsLayout.writeHeader(to: base.assumingMemoryBound(to: UInt64.self))
    }

    /// Unmaps the memory; no block of it may be used any more.
    public func close() {
        memory.close()
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
        withScratchHistogram { histogram in
            let total = merged(slots.flatMap(blocks(ofSlot:)) + (own.map { [$0] } ?? []), histogram)
            return StatisticsSnapshot(
                takenAt: .readClock(), total: total,
                slots: slots.map { .init(slot: $0, values: values(ofSlot: $0)) },
                latencyBuckets: Array(zip(Self.latencyBounds, histogram.counts(below: Self.latencyBounds))))
        }
    }

    /// From 16 µs to a minute, each twice the one before.
    private static let latencyBounds: [UInt64] = (14...36).map { 1 << $0 }

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

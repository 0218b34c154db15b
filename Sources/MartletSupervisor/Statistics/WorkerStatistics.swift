import Glibc
import MartletLoop
import MartletServer

/// One block of the statistics memory: everything that is counted about one worker process, or the retired totals of a
/// slot.
public nonisolated struct WorkerStatistics: Sendable {
    /// Where the block starts in the memory, in bytes: tells a worker what to map.
    public let offset: Int
    /// Counted by the worker's event loop.
    public let loop: Counters<LoopCounter>
    /// Counted by the worker's HTTP server.
    public let http: Counters<HTTPCounter>
    /// Written by the supervisor.
    public let process: Counters<ProcessCounter>
    /// Written by the supervisor, in the blocks of retired totals.
    public let slot: Counters<SlotCounter>
    /// Written by the supervisor, in the service's own block.
    public let service: Counters<ServiceCounter>
    /// Nanoseconds from a request's first byte to its response's last, recorded by the worker.
    public let latency: LatencyHistogram

    init(offset: Int, words: UnsafeMutablePointer<UInt64>) {
        self.offset = offset
        loop = Counters(words: words + StatisticsLayout.loop)
        http = Counters(words: words + StatisticsLayout.http)
        process = Counters(words: words + StatisticsLayout.process)
        slot = Counters(words: words + StatisticsLayout.slot)
        service = Counters(words: words + StatisticsLayout.service)
        latency = LatencyHistogram(words: words + StatisticsLayout.latency)
    }

    /// Maps a worker's block, for the rest of the process's life.
    ///
    /// - Parameters:
    ///   - descriptor: the statistics memory, which may be closed afterwards.
    ///   - offset: where the block starts, as the supervisor said.
    ///   - blockSize: the size of a block, as the supervisor said.
    /// - Throws: `EINVAL` when the supervisor's layout is not this program's, or the error of fstat or mmap.
    public static func map(descriptor: Int32, offset: Int, blockSize: Int) throws(SystemError) -> WorkerStatistics {
        let operation = "map the statistics block"
        guard blockSize == StatisticsLayout.blockSize, StatisticsLayout.isBlock(at: offset) else {
            throw SystemError(
                operation, target: "at offset \(offset) of descriptor \(descriptor)", code: EINVAL,
                advice: "supervisor and worker must be the same build; restart the service")
        }
        let memory = try SharedMemory.map(descriptor, offset: offset, size: blockSize, operation)
        return WorkerStatistics(offset: offset, words: memory.assumingMemoryBound(to: UInt64.self))
    }
}

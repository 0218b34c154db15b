import Glibc
import MartletLoop
import MartletServer

/// Where everything lies in the statistics memory: a header page, then blocks of equal size.
///
/// Header, in words of 8 bytes: magic, version, block size, offset of the first block, number of blocks; then, for each
/// group of a block in order (loop, http, process, slot, service, latency), its first word and how many it has.
///
/// Groups start at multiples of 64 bytes, so that what the worker writes and what the supervisor writes do not share
/// a cache line.
public nonisolated enum StatisticsLayout {
    /// The bytes `MARTLET1`.
    static let magic: UInt64 = "MARTLET1".utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    static let version: UInt64 = 1

    static let loop = 0
    static let http = after(loop, Counters<LoopCounter>.wordCount)
    static let process = after(http, Counters<HTTPCounter>.wordCount)
    static let slot = after(process, Counters<ProcessCounter>.wordCount)
    static let service = after(slot, Counters<SlotCounter>.wordCount)
    static let latency = after(service, Counters<ServiceCounter>.wordCount)

    /// The size of a block in bytes: whole pages, because a worker maps its own.
    public static let blockSize = roundUp((latency + LatencyHistogram.wordCount) * 8, to: pageSize)
    /// The size of the header in bytes.
    public static let headerSize = pageSize
    /// How many blocks there can be: three generations of a thousand workers and their totals.
    public static let capacity = 4096
    /// The size of the memory; what was never touched takes none.
    public static let fileSize = headerSize + capacity * blockSize

    /// Where a block lies in the memory.
    static func offset(ofBlock index: Int) -> Int { headerSize + index * blockSize }

    /// Whether a block may lie at this offset.
    static func isBlock(at offset: Int) -> Bool {
        offset >= headerSize && offset <= fileSize - blockSize && (offset - headerSize).isMultiple(of: blockSize)
    }

    static func writeHeader(to words: UnsafeMutablePointer<UInt64>) {
        let groups = [
            (loop, Counters<LoopCounter>.wordCount), (http, Counters<HTTPCounter>.wordCount),
            (process, Counters<ProcessCounter>.wordCount), (slot, Counters<SlotCounter>.wordCount),
            (service, Counters<ServiceCounter>.wordCount), (latency, LatencyHistogram.wordCount),
        ]
        let fields: [UInt64] =
            [magic, version, UInt64(blockSize), UInt64(headerSize), UInt64(capacity)]
            + groups.flatMap { [UInt64($0.0), UInt64($0.1)] }
        for (index, value) in fields.enumerated() { words[index] = value }
    }

    private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    private static func after(_ start: Int, _ count: Int) -> Int { roundUp(start + count, to: 8) }
    private static func roundUp(_ value: Int, to multiple: Int) -> Int {
        (value + multiple - 1) / multiple * multiple
    }
}

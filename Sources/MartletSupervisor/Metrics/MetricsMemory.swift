import CMartlet
import MartletLoop

/// The memory that one worker keeps its application's metrics in: written by the worker, read by the supervisor, which
/// owns it and reads it once more when the worker is gone.
///
/// A header page, then a record of 512 bytes for each series, then a histogram of 4 KiB for each. Header, in words of 8
/// bytes: magic, version, how many series are published, how many were dropped. Record: kind, value, sum, the length of
/// the text, and from byte 32 on the text (`MetricIdentity.encoded`).
///
/// A record is written once, before it is published by raising the number of series; afterwards only its numbers
/// change.
nonisolated struct MetricsMemory: @unchecked Sendable {
    // @unchecked Sendable: a constant pointer to memory that outlives every copy. Kind, length and text of a record are
    // written by one thread at a time, under the factory's lock, before a release store publishes them, and never again;
    // everything else is an atomic word.
    private let base: UnsafeMutableRawPointer

    /// The most series of one worker.
    static let capacity = 256
    /// The longest text of a series, in bytes.
    static let longestText = 480

    private static let magic: UInt64 = "MARTLETM".utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    private static let version: UInt64 = 1
    private static let headerSize = 4096
    private static let recordSize = 512
    private static let histograms = headerSize + capacity * recordSize
    /// The size of the memory in bytes; what was never touched takes none.
    static let size = histograms + capacity * MetricHistogram.wordCount * 8

    /// Makes the memory, which is zero, ready for a worker.
    static func create(in base: UnsafeMutableRawPointer) -> MetricsMemory {
        let memory = MetricsMemory(base: base)
        memory.header[1] = version
        memory.header[0] = magic
        return memory
    }

    /// Opens what a supervisor has made; nil when it is none.
    init?(opening base: UnsafeMutableRawPointer) {
        self.init(base: base)
        guard header[0] == Self.magic, header[1] == Self.version else { return nil }
    }

    private init(base: UnsafeMutableRawPointer) {
        self.base = base
    }

    private var header: UnsafeMutablePointer<UInt64> { base.assumingMemoryBound(to: UInt64.self) }
    private var published: UnsafeMutablePointer<UInt64> { header + 2 }
    private var dropped: UnsafeMutablePointer<UInt64> { header + 3 }

    private func record(_ index: Int) -> UnsafeMutablePointer<UInt64> {
        (base + Self.headerSize + index * Self.recordSize).assumingMemoryBound(to: UInt64.self)
    }

    // MARK: The worker's side

    /// Adds a series; nil, and counted, when there is no room for it. One thread at a time.
    func add(_ identity: MetricIdentity) -> MetricSeries? {
        let text = identity.encoded
        let index = Int(martlet_shared_load(published))
        guard index < Self.capacity, text.count <= Self.longestText else {
            martlet_shared_add(dropped, 1)
            return nil
        }
        let record = record(index)
        record[0] = identity.kind.rawValue
        record[3] = UInt64(text.count)
        UnsafeMutableRawPointer(record + 4).copyMemory(from: text, byteCount: text.count)
        martlet_shared_store(published, UInt64(index + 1))
        return series(index)
    }

    private func series(_ index: Int) -> MetricSeries {
        let record = record(index)
        let histogram = base + Self.histograms + index * MetricHistogram.wordCount * 8
        return MetricSeries(
            value: record + 1, sum: record + 2,
            histogram: MetricHistogram(words: histogram.assumingMemoryBound(to: UInt64.self)))
    }

    // MARK: The supervisor's side

    /// How many series had no room.
    var droppedCount: UInt64 { martlet_shared_load(dropped) }

    /// Every series as it is now. What a broken worker has written can make it wrong, nothing more.
    func read() -> [(identity: MetricIdentity, reading: MetricReading)] {
        let count = Int(min(martlet_shared_load(published), UInt64(Self.capacity)))
        return (0..<count).compactMap { index in
            let record = record(index)
            let length = Int(min(record[3], UInt64(Self.longestText)))
            let text = [UInt8](UnsafeRawBufferPointer(start: record + 4, count: length))
            guard let identity = MetricIdentity(kind: record[0], encoded: text) else { return nil }
            return (identity, series(index).read(identity.kind))
        }
    }
}

/// The numbers of one series. Any thread may change them.
nonisolated struct MetricSeries: @unchecked Sendable {
    // @unchecked Sendable: constant pointers to memory that outlives every copy, accessed only by atomic operations on
    // single aligned words.
    let value: UnsafeMutablePointer<UInt64>
    let sum: UnsafeMutablePointer<UInt64>
    let histogram: MetricHistogram

    /// Counts events.
    func count(_ amount: UInt64) { martlet_shared_add(value, amount) }

    /// Adds to the sum; what is no finite number is left out.
    func add(_ amount: Double) {
        guard amount.isFinite else { return }
        while true {
            let old = martlet_shared_load(sum)
            if martlet_shared_replace(sum, old, (Double(bitPattern: old) + amount).bitPattern) { return }
        }
    }

    /// Replaces the sum; what is no finite number counts as 0.
    func set(_ value: Double) { martlet_shared_store(sum, value.finite.bitPattern) }

    /// Counts a number in the histogram and in the sum.
    func record(_ value: Double) {
        histogram.record(value)
        add(value)
    }

    func read(_ kind: MetricIdentity.Kind) -> MetricReading {
        var reading = MetricReading(
            count: martlet_shared_load(value), sum: Double(bitPattern: martlet_shared_load(sum)).finite)
        if kind.isHistogram {
            reading.buckets = histogram.buckets
            reading.count = reading.buckets.reduce(0, &+)
        }
        return reading
    }
}

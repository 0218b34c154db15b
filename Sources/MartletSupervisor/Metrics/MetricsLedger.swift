import MartletLoop

/// The application's metrics of all workers: those of the living ones in their memory, those of the dead ones added up.
final class MetricsLedger {
    /// One worker's memory.
    struct Page {
        fileprivate let shared: SharedMemory
        let memory: MetricsMemory

        /// The memory file; pass it to the worker.
        var descriptor: Int32 { shared.descriptor }
    }

    /// The most series that outlive their workers, over all generations of the application.
    static let mostRetired = 4096

    private var living: [Page] = []
    private var retired: [MetricIdentity: MetricReading] = [:]
    private var retiredDropped: UInt64 = 0

    deinit {}

    /// Memory for a new worker, until `retire`.
    func allocate() throws(SystemError) -> Page {
        let shared = try SharedMemory("martlet-metrics", size: MetricsMemory.size)
        let page = Page(shared: shared, memory: MetricsMemory.create(in: shared.base))
        living.append(page)
        return page
    }

    /// Adds up what a reaped worker has counted, and frees its memory; does nothing if that was done before.
    func retire(_ page: Page) {
        guard let index = living.firstIndex(where: { $0.descriptor == page.descriptor }) else { return }
        living.remove(at: index)
        for (identity, reading) in page.memory.read() where identity.kind.outlivesItsProcess {
            if retired[identity] != nil || retired.count < Self.mostRetired {
                retired[identity, default: MetricReading()].merge(reading)
            } else {
                retiredDropped &+= 1
            }
        }
        retiredDropped &+= page.memory.droppedCount
        page.shared.close()
    }

    /// Unmaps all memory.
    func close() {
        for page in living { page.shared.close() }
        living = []
    }

    /// Every series of the service, in order.
    func totals() -> [MetricTotal] {
        var totals = retired
        for page in living {
            for (identity, reading) in page.memory.read() {
                totals[identity, default: MetricReading()].merge(reading)
            }
        }
        return totals.map { MetricTotal(identity: $0.key, reading: $0.value) }.sorted { $0.identity < $1.identity }
    }

    /// How many series had no room.
    var droppedCount: UInt64 { living.reduce(retiredDropped) { $0 &+ $1.memory.droppedCount } }
}

/// What all workers together have counted of one series.
nonisolated struct MetricTotal: Hashable, Sendable {
    let identity: MetricIdentity
    let reading: MetricReading
}

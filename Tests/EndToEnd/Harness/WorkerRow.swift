/// A worker as `/v1/workers` shows it.
struct WorkerRow {
    let slot: Int
    let pid: Int32
    let generation: Int
    let state: String
}

extension Daemon {
    /// The workers, by slot.
    func workers() async throws -> [WorkerRow] {
        let answer = try await query("/v1/workers")
        guard let rows = answer.array ?? answer["workers"]?.array else {
            throw Failure("no list of workers: \(answer)")
        }
        return rows.compactMap { row in
            guard let slot = row["slot"]?.number, let pid = row["pid"]?.number else { return nil }
            return WorkerRow(
                slot: Int(slot), pid: Int32(pid), generation: Int(row["generation"]?.number ?? 0),
                state: row["state"]?.string ?? "")
        }.sorted { $0.slot < $1.slot }
    }

    /// The process that serves a slot now, once there is one that is ready.
    func readyWorker(ofSlot slot: Int, other than: Int32? = nil, within limit: Duration = .seconds(30)) async throws
        -> Int32
    {
        var found: Int32?
        try await eventually("slot \(slot) has a ready worker", within: limit) {
            found = try await workers().first { $0.slot == slot && $0.state == "ready" && $0.pid != than }?.pid
            return found != nil
        }
        return found ?? 0
    }
}

/// Who accepts from the sockets of slots whose own worker does not: that is idle, in back-off, starting, stalled or
/// draining.
///
/// A pure function of who can accept, so that it may be computed again after every event: the difference to what was
/// told before is what the workers are told now. Slots are dealt out evenly, each to the nearest of the least burdened,
/// so that the loss of one worker moves one slot and not all.
nonisolated enum Coverage {
    /// A worker that accepts, and may be given more.
    struct Acceptor: Hashable {
        let worker: WorkerID
        let slot: Int
    }

    /// - Parameters:
    ///   - slots: how many slots there are.
    ///   - covered: slots that have a worker of their own that accepts.
    ///   - acceptors: workers that may adopt.
    /// - Returns: for each slot that needs it, the worker that adopts it; empty when nobody can.
    static func assign(slots: Int, covered: Set<Int>, acceptors: [Acceptor]) -> [Int: WorkerID] {
        guard !acceptors.isEmpty else { return [:] }
        var burdens = [Int](repeating: 0, count: acceptors.count)
        var assigned: [Int: WorkerID] = [:]
        for slot in 0..<slots where !covered.contains(slot) {
            var best = 0
            for index in acceptors.indices.dropFirst() {
                let isBetter =
                    (burdens[index], distance(acceptors[index].slot, from: slot, slots: slots))
                    < (burdens[best], distance(acceptors[best].slot, from: slot, slots: slots))
                if isBetter { best = index }
            }
            burdens[best] += 1
            assigned[slot] = acceptors[best].worker
        }
        return assigned
    }

    /// Steps upwards from one slot to another, around the end.
    private static func distance(_ slot: Int, from origin: Int, slots: Int) -> Int {
        slot >= origin ? slot - origin : slot + slots - origin
    }

    /// What workers have to be told to get from one assignment to the next.
    struct Change: Equatable {
        var adopt: [(slot: Int, worker: WorkerID)] = []
        var release: [(slot: Int, worker: WorkerID)] = []

        static func == (left: Change, right: Change) -> Bool {
            left.adopt.elementsEqual(right.adopt, by: ==) && left.release.elementsEqual(right.release, by: ==)
        }
    }

    /// Adoptions and releases in the order of the slots; the adoptions are to be told first.
    static func change(from old: [Int: WorkerID], to new: [Int: WorkerID]) -> Change {
        var change = Change()
        for (slot, worker) in new.sorted(by: { $0.key < $1.key }) where old[slot] != worker {
            change.adopt.append((slot, worker))
        }
        for (slot, worker) in old.sorted(by: { $0.key < $1.key }) where new[slot] != worker {
            change.release.append((slot, worker))
        }
        return change
    }
}

/// Tells workers apart for as long as the supervisor lives, which process numbers do not.
nonisolated struct WorkerID: Hashable, Sendable {
    let number: UInt64
}

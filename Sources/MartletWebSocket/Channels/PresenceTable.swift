/// Who is present where: for each member of a channel, the workers that say so.
///
/// What several workers say of one member need not agree; what was said last counts.
nonisolated struct PresenceTable {
    private struct Source {
        let worker: UInt64
        var info: String
        /// Sockets of this worker; 1 for any other.
        var sockets: Int
        /// Which account of the worker's it was in: see `beginState`.
        var account: UInt32
    }

    /// By channel and identifier; whoever was written last stands last among the sources.
    private var channels: [String: [String: [Source]]] = [:]
    private var accounts: [UInt64: UInt32] = [:]

    /// This worker itself.
    static let here: UInt64 = 0

    /// Those who are present on a channel, in no order.
    func members(of channel: String) -> [PresenceMember] {
        (channels[channel] ?? [:]).compactMap { id, sources in Self.member(id, sources) }
    }

    private static func member(_ id: String, _ sources: [Source]) -> PresenceMember? {
        sources.last.flatMap { PresenceMember(id: id, info: $0.info) }
    }

    /// What this worker's sockets say, to be told to others: the members of each channel.
    var ownMembers: [(channel: String, id: String)] {
        channels.flatMap { channel, members in
            members.filter { $0.value.contains { $0.worker == Self.here } }.map { (channel, $0.key) }
        }
    }

    /// What this worker says of a member, if it does.
    func ownMember(_ id: String, on channel: String) -> PresenceMember? {
        let source = channels[channel]?[id]?.first { $0.worker == Self.here }
        return source.flatMap { PresenceMember(id: id, info: $0.info) }
    }

    /// A worker says that somebody is present.
    ///
    /// - Parameters:
    ///   - member: who.
    ///   - channel: where.
    ///   - worker: who says so.
    ///   - isAnother: whether it is with one more socket of this worker.
    /// - Returns: what has changed for those who look at it.
    mutating func join(
        _ member: PresenceMember, on channel: String, worker: UInt64, withAnotherSocket isAnother: Bool = false
    ) -> PresenceChange? {
        var sources = channels[channel]?[member.id] ?? []
        let before = sources.last?.info
        var source = Source(worker: worker, info: member.info, sockets: 1, account: accounts[worker] ?? 0)
        if let place = sources.firstIndex(where: { $0.worker == worker }) {
            source.sockets = sources.remove(at: place).sockets + (isAnother ? 1 : 0)
        }
        sources.append(source)
        channels[channel, default: [:]][member.id] = sources
        guard let before else { return .joined(member) }
        return before == member.info ? nil : .updated(member)
    }

    /// A worker says that somebody is gone, or that one of this worker's sockets is.
    mutating func leave(_ id: String, on channel: String, worker: UInt64) -> PresenceChange? {
        guard var sources = channels[channel]?[id], let place = sources.firstIndex(where: { $0.worker == worker })
        else { return nil }
        sources[place].sockets -= 1
        guard sources[place].sockets == 0 else {
            channels[channel]?[id] = sources
            return nil
        }
        let before = Self.member(id, sources)
        sources.remove(at: place)
        return replace(before, with: sources, on: channel)
    }

    private mutating func replace(
        _ before: PresenceMember?, with sources: [Source], on channel: String
    ) -> PresenceChange? {
        guard let before else { return nil }
        guard let member = Self.member(before.id, sources) else {
            channels[channel]?[before.id] = nil
            if channels[channel]?.isEmpty == true { channels[channel] = nil }
            return .left(before)
        }
        channels[channel]?[before.id] = sources
        return member.info == before.info ? nil : .updated(member)
    }

    // MARK: Whole states

    /// A worker begins to say anew who is present with it.
    mutating func beginState(of worker: UInt64) {
        accounts[worker, default: 0] &+= 1
    }

    /// It has said all: those whom it has not named are gone.
    mutating func endState(of worker: UInt64) -> [(channel: String, PresenceChange)] {
        let account = accounts[worker] ?? 0
        return removeSources { $0.worker == worker && $0.account != account }
    }

    /// A worker is gone, and with it all that it has said.
    mutating func remove(_ worker: UInt64) -> [(channel: String, PresenceChange)] {
        accounts[worker] = nil
        return removeSources { $0.worker == worker }
    }

    private mutating func removeSources(
        where isGone: (Source) -> Bool
    ) -> [(channel: String, PresenceChange)] {
        var changes: [(channel: String, PresenceChange)] = []
        for (channel, members) in channels {
            for (id, sources) in members where sources.contains(where: isGone) {
                let before = Self.member(id, sources)
                if let change = replace(before, with: sources.filter { !isGone($0) }, on: channel) {
                    changes.append((channel, change))
                }
            }
        }
        return changes
    }
}

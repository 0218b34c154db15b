import DequeModule
import MartletLoop

/// Who is present on the channels of all workers.
///
/// Each worker tells the others who comes and goes with its sockets, and numbers what it says. Who misses something, or
/// is new, asks, or is told unasked, for the worker's whole state: who is not in it is gone.
final class Presence {
    private var table = PresenceTable()
    private let transport: (any ChannelTransport)?
    private var mailboxes: [String: [ChannelMailbox<PresenceChange>]] = [:]
    /// The number of the next thing that this worker says.
    private var nextSequence: UInt32 = 0
    private var hasSpoken = false
    /// What each other worker is to say next.
    private var expected: [UInt64: UInt32] = [:]
    /// Those of whom something is missing, and who have not begun to tell their state since.
    private var incomplete: Set<UInt64> = []
    private var isAsking = false

    // What is told of the state of this worker.
    private var untold = Deque<(channel: String, id: String)>()
    private var telling = Telling.idle
    private var tellsAgain = false

    private enum Telling {
        case idle
        case telling
        /// Something found a full queue: the state is told after a while.
        case waiting
    }

    /// Members that are told before the loop turns.
    private static let slice = 256
    /// Until what found a full queue is said again, and what was not answered is asked again.
    private static let retryDelay: Duration = .milliseconds(500)

    init(transport: (any ChannelTransport)?) {
        self.transport = transport
    }

    deinit {}

    func members(of channel: String) -> [PresenceMember] {
        table.members(of: channel)
    }

    func subscribe(to channel: String, limit: Int, overflow: ChannelOverflow) -> ChannelMailbox<PresenceChange> {
        let mailbox = ChannelMailbox<PresenceChange>(limit: limit, overflow: overflow)
        mailboxes[channel, default: []].append(mailbox)
        mailbox.onEnd = { [weak self, weak mailbox] in
            guard let self else { return }
            mailboxes[channel]?.removeAll { $0 === mailbox }
            if mailboxes[channel]?.isEmpty == true { mailboxes[channel] = nil }
        }
        return mailbox
    }

    private func tell(_ change: PresenceChange?, of channel: String) {
        guard let change, let listeners = mailboxes[channel] else { return }
        for mailbox in listeners { mailbox.put(change) }
    }

    // MARK: This worker's sockets

    /// A socket's member comes, in place of the one that it had before, if any.
    func join(_ member: PresenceMember, on channel: String, insteadOf before: String?) {
        let known = table.ownMember(member.id, on: channel)
        let change = table.join(
            member, on: channel, worker: PresenceTable.here, withAnotherSocket: before != member.id)
        tell(change, of: channel)
        if known != member { say { .joined(channel: channel, member, sequence: $0) } }
        if let before, before != member.id { leave(before, on: channel) }
    }

    /// A socket with that member goes.
    func leave(_ id: String, on channel: String) {
        tell(table.leave(id, on: channel, worker: PresenceTable.here), of: channel)
        guard table.ownMember(id, on: channel) == nil else { return }
        say { .left(channel: channel, id: id, sequence: $0) }
    }

    /// Says something to all others; `false` when it is lost, which they notice by the number of what comes next.
    @discardableResult
    private func say(_ message: (UInt32) -> ChannelMessage) -> Bool {
        hasSpoken = true
        let isOnItsWay = broadcast(message(nextSequence))
        nextSequence &+= 1
        if !isOnItsWay { tellStateLater() }
        return isOnItsWay
    }

    // MARK: The state of this worker

    /// Somebody has joined who knows of nobody.
    func othersHaveChanged() {
        if hasSpoken { tellState() }
    }

    private func tellState() {
        switch telling {
        case .waiting: return
        case .telling: tellsAgain = true
        case .idle:
            telling = .telling
            tellsAgain = false
            untold = Deque(table.ownMembers)
            EventLoop.main.callSoon { [weak self] in
                guard let self, telling == .telling, say({ .stateBegins(sequence: $0) }) else { return }
                tellSlice()
            }
        }
    }

    private func tellSlice() {
        for _ in 0..<Self.slice {
            guard let (channel, id) = untold.popFirst() else { return endState() }
            guard let member = table.ownMember(id, on: channel) else { continue }
            guard say({ .joined(channel: channel, member, sequence: $0) }) else { return }
        }
        EventLoop.main.callSoon { [weak self] in
            if let self, telling == .telling { tellSlice() }
        }
    }

    private func endState() {
        guard say({ .stateEnds(sequence: $0) }) else { return }
        telling = .idle
        if tellsAgain { tellState() }
    }

    private func tellStateLater() {
        guard telling != .waiting else { return }
        telling = .waiting
        untold = []
        EventLoop.main.callLater(Self.retryDelay) { [weak self] in
            self?.telling = .idle
            self?.tellState()
        }
    }

    // MARK: The others

    func askForEverything() {
        broadcast(.stateWanted(of: 0))
    }

    /// Asks those of whom something is missing, until they tell it.
    private func ask() {
        guard !isAsking, !incomplete.isEmpty else { return }
        isAsking = true
        for worker in incomplete { broadcast(.stateWanted(of: worker)) }
        EventLoop.main.callLater(Self.retryDelay) { [weak self] in
            self?.isAsking = false
            self?.ask()
        }
    }

    @discardableResult
    private func broadcast(_ message: ChannelMessage) -> Bool {
        guard let transport, transport.hasOthers else { return true }
        return transport.broadcast(message.encoded)
    }

    func take(_ message: ChannelMessage, from worker: UInt64) {
        guard worker != PresenceTable.here else { return }
        switch message {
        case .published: return
        case .joined(let channel, let member, let sequence):
            check(sequence, from: worker)
            tell(table.join(member, on: channel, worker: worker), of: channel)
        case .left(let channel, let id, let sequence):
            check(sequence, from: worker)
            tell(table.leave(id, on: channel, worker: worker), of: channel)
        case .stateBegins(let sequence):
            expected[worker] = sequence &+ 1
            incomplete.remove(worker)
            table.beginState(of: worker)
        case .stateEnds(let sequence):
            // What is missing may be what was said of somebody who is here.
            guard check(sequence, from: worker), !incomplete.contains(worker) else { return }
            for (channel, change) in table.endState(of: worker) { tell(change, of: channel) }
        case .stateWanted(let wanted):
            guard let transport, wanted == 0 || wanted == transport.identity else { return }
            othersHaveChanged()
        }
    }

    /// Whether nothing is missing before it; asks for the worker's state if there is.
    @discardableResult
    private func check(_ sequence: UInt32, from worker: UInt64) -> Bool {
        let isNext = (expected[worker] ?? 0) == sequence
        expected[worker] = sequence &+ 1
        if !isNext {
            incomplete.insert(worker)
            ask()
        }
        return isNext
    }

    /// A worker is gone.
    func remove(_ worker: UInt64) {
        expected[worker] = nil
        incomplete.remove(worker)
        for (channel, change) in table.remove(worker) { tell(change, of: channel) }
    }
}

import Logging
import MartletLoop

/// The supervisor's part of the bus: passes what a worker sends on to all others.
///
/// A relay and not memory that the workers share, although that would save a copy and a wakeup of this process for each
/// message. Workers come and go all the time: a restart, a change of their number, a reload with two generations side
/// by side. Readers of a shared ring would have to be registered and found out to be dead, slow ones would hold up all
/// others or lose messages unseen, a worker killed in the middle of a write would leave it half done for everybody, and
/// one gone wild could write over what others have sent. Here the kernel keeps the processes apart, the supervisor
/// knows who lives anyway, and who is slow has a queue of its own. It costs the supervisor the bytes of every message
/// once for each receiver; it looks at headers only.
///
/// The supervisor never waits for a worker: what finds no room in a queue is dropped and counted. That somebody
/// has come or gone is never dropped; whom it cannot be told any more loses the bus.
final class BusRelay {
    /// What has gone over the bus.
    struct Figures {
        /// Messages that workers have sent, each counted once.
        var messages: UInt64 = 0
        /// Their bytes, without headers.
        var bytes: UInt64 = 0
        /// Messages that found no room: with their sender, or with one of the receivers, each counted.
        var dropped: UInt64 = 0
    }

    private(set) var figures = Figures()

    private var members: [WorkerID: Member] = [:]
    private let note: (Logger.Level, String) -> Void

    private final class Member {
        let connection: BusConnection
        let name: String
        /// Whether something was dropped since its queue was empty.
        var isBehind = false

        init(connection: BusConnection, name: String) {
            self.connection = connection
            self.name = name
        }
    }

    /// The most that waits for a worker …
    static let longestQueue = 8 << 20
    /// … and for the news of who has come and gone beyond it.
    static let roomForNews = 1 << 20

    /// - Parameter note: tells the operator.
    init(note: @escaping (Logger.Level, String) -> Void) {
        self.note = note
    }

    /// How many workers are connected.
    var memberCount: Int { members.count }

    /// Connects a worker: it is told who it is and who is there, and the others hear of it.
    ///
    /// - Parameters:
    ///   - id: the worker; its number is its identity.
    ///   - name: what a note calls it: `worker 4711 of slot 0`.
    ///   - connection: the supervisor's end, which accepts messages alone; the relay closes it.
    func admit(_ id: WorkerID, name: String, connection: BusConnection) {
        connection.onFrames = { [unowned self] in pass(on: &$0, from: id) }
        connection.onEnd = { [unowned self] in dismiss(id, because: $0.map { "\($0)" }) }
        var greeting = BusFrame(.welcome, worker: id.number).header
        for other in members.keys { BusFrame(.joined, worker: other.number).appendHeader(to: &greeting) }
        connection.send(greeting)
        // The worker counts on its identity being there when it begins.
        connection.flush()
        tellAll(BusFrame(.joined, worker: id.number))
        members[id] = Member(connection: connection, name: name)
        connection.startReading()
    }

    /// Disconnects a worker whose process has ended, after its last words. Nothing happens if its bus has ended before.
    func remove(_ id: WorkerID) {
        members[id]?.connection.receiveAll()
        dismiss(id, because: nil)
    }

    /// - Parameter run: whole frames, all of them messages.
    private func pass(on run: inout [UInt8], from sender: WorkerID) {
        let messages = stamp(&run, sender: sender)
        let cost = BusConnection.cost(of: run)
        for (id, member) in members where id != sender {
            let queued = member.connection.queuedSize
            guard queued + cost <= Self.longestQueue else {
                drop(messages, for: member)
                continue
            }
            if queued == 0 { member.isBehind = false }
            member.connection.send(run)
            member.connection.flushSoon()
        }
    }

    /// Writes the sender's identity into every header; returns how many messages there are.
    private func stamp(_ run: inout [UInt8], sender: WorkerID) -> UInt64 {
        run.withUnsafeMutableBytes { bytes in
            var messages: UInt64 = 0
            for (frame, offset) in BusFrames(UnsafeRawBufferPointer(bytes)) {
                bytes.storeBytes(
                    of: sender.number.littleEndian, toByteOffset: offset + BusFrame.identityOffset, as: UInt64.self)
                messages += 1
                figures.bytes &+= UInt64(frame.length)
                figures.dropped &+= UInt64(frame.dropped)
            }
            figures.messages &+= messages
            return messages
        }
    }

    private func drop(_ messages: UInt64, for member: Member) {
        figures.dropped &+= messages
        guard !member.isBehind else { return }
        member.isBehind = true
        note(.warning, "messages on the bus are dropped: \(member.name) does not take them in time")
    }

    /// Tells all that somebody has come or gone.
    private func tellAll(_ news: BusFrame) {
        let frame = news.header
        for (id, member) in members {
            guard member.connection.queuedSize <= Self.longestQueue + Self.roomForNews else {
                dismiss(id, because: "it does not take even the news of who has come and gone")
                continue
            }
            member.connection.send(frame)
            member.connection.flushSoon()
        }
    }

    private func dismiss(_ id: WorkerID, because reason: String?) {
        guard let member = members.removeValue(forKey: id) else { return }
        member.connection.close()
        if let reason { note(.error, "\(member.name) has lost the bus: \(reason)") }
        tellAll(BusFrame(.left, worker: id.number))
    }
}

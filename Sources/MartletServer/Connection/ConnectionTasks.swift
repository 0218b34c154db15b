import MartletLoop

/// The connections whose tasks wait for the next request, and the end of those that do so for long.
///
/// A task keeps the memory of its deepest call, several KiB behind some middlewares, for as long as it lives. While one
/// request follows the other that is what makes them cheap; a connection that has asked for nothing for a while gives it
/// back, and gets another task when it needs one.
///
/// One that is found at work, be it for hours, is forgotten until its task waits again: then nothing looks at it.
final class ConnectionTasks {
    /// How long ago the last request must have begun.
    var rest = EventLoop.Interval(.milliseconds(30))
    /// How many are looked at in one turn of the loop, and when it goes on to the next ones.
    private static let most = 64
    private static let pause = EventLoop.Interval(.milliseconds(2))

    private var connections: [HTTPConnection] = []
    /// Those before this one are still to be looked at in this round.
    private var unseen = 0
    private lazy var timer = LoopTimer { [unowned self] in self.endResting() }

    /// How many connections are looked at.
    var count: Int { connections.count }

    /// The task of a connection waits for the next request.
    @inline(__always)
    func add(_ connection: HTTPConnection) {
        if connection.taskIndex < 0 { append(connection) }
    }

    @inline(never)
    private func append(_ connection: HTTPConnection) {
        connection.taskIndex = Int32(connections.count)
        connections.append(connection)
        if !timer.isArmed { timer.arm(at: EventLoop.main.now + rest) }
    }

    /// Forgets a connection, if it was looked at.
    func remove(_ connection: HTTPConnection) {
        guard connection.taskIndex >= 0 else { return }
        let last = connections.removeLast()
        if last !== connection {
            connections[Int(connection.taskIndex)] = last
            last.taskIndex = connection.taskIndex
        }
        connection.taskIndex = -1
        if connections.isEmpty { timer.cancel() }
    }

    private func endResting() {
        let now = EventLoop.main.now
        // From the end on, so that what takes the place of one that is removed has been seen.
        unseen = min(unseen == 0 ? .max : unseen, connections.count)
        for _ in 0..<min(unseen, Self.most) {
            unseen -= 1
            let connection = connections[unseen]
            if !connection.isTaskWaiting || connection.endTask(idleFor: rest, at: now) { remove(connection) }
        }
        if !connections.isEmpty { timer.arm(at: now + (unseen > 0 ? Self.pause : rest)) }
    }
}

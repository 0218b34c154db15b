import DequeModule
import MartletLoop
import MartletRESP

/// What a caller who waits on a connection gets.
nonisolated enum RedisAnswer {
    case value(RESPValue)
    /// All answers of a batch are in it.
    case batch
    case failed(RedisError)
}

/// A caller who waits, or has stopped waiting, for answers.
struct PendingAnswer {
    /// Who goes on with it; `nil` when nobody waits: not yet, not any more, or not at all.
    var waiter: UnsafeContinuation<RedisAnswer, Never>?
    /// How many answers are still to come for it.
    var answersLeft: Int
    /// Whether a bulk is to be made text at once: see `RedisCommand`.
    let wantsText: Bool
    /// Whether its task is looked at from time to time, to see whether it was cancelled: see `RedisConnection.nextLook`.
    let isLookedAfter: Bool
    /// When it stops waiting.
    var deadline: EventLoop.Instant
    /// Where its bytes begin in all that the connection ever sent.
    var position: UInt64
    /// What few have, behind one reference, so that the many are cheap to put in line and to take out.
    private var details: Details?

    private final class Details {
        let batch: RedisBatch?
        let acknowledgements: RedisAcknowledgements?
        var earlyEnd: RedisError?

        init(_ batch: RedisBatch?, _ acknowledgements: RedisAcknowledgements?) {
            self.batch = batch
            self.acknowledgements = acknowledgements
        }

        deinit {}
    }

    /// One whom nobody waits for yet.
    @inline(__always)
    init(
        answers: Int, wantsText: Bool = false, isLookedAfter: Bool = false, batch: RedisBatch? = nil,
        acknowledgements: RedisAcknowledgements? = nil, deadline: EventLoop.Instant, position: UInt64
    ) {
        answersLeft = answers
        self.wantsText = wantsText
        self.isLookedAfter = isLookedAfter
        self.deadline = deadline
        self.position = position
        if batch != nil || acknowledgements != nil { details = Details(batch, acknowledgements) }
    }

    /// Where the answers of several commands are gathered.
    var batch: RedisBatch? { details?.batch }
    /// Which acknowledgements its answers are, if it subscribes or unsubscribes.
    var acknowledgements: RedisAcknowledgements? { details?.acknowledgements }
    /// What the caller who stopped waiting before it was suspended gets.
    var earlyEnd: RedisError? { details?.earlyEnd }

    /// Its caller stops waiting before it is suspended.
    mutating func endEarly(_ error: RedisError) {
        let details = details ?? Details(nil, nil)
        details.earlyEnd = error
        self.details = details
    }
}

/// The answers of several commands.
final class RedisBatch {
    private(set) var values: [RESPValue] = []

    init(count: Int) { values.reserveCapacity(count) }

    deinit {}

    func append(_ value: RESPValue) { values.append(value) }
}

/// The acknowledgements that a command waits for. A server also says `sunsubscribe` unasked, when a slot moves.
final class RedisAcknowledgements {
    /// The word that each begins with.
    private let word: [UInt8]
    /// How often each name is still to come; empty where any will do.
    private var names: [[UInt8]: Int] = [:]
    private let takesAnyName: Bool

    /// Those of a command: of each of its names, or, without any, of whatever was subscribed to.
    init(of command: RedisCommand) {
        let arguments = command.argumentBytes
        word = Array(command.name.lowercased().utf8)
        takesAnyName = arguments.count < 2
        for name in arguments.dropFirst() { names[name, default: 0] += 1 }
    }

    deinit {}

    /// Takes a push off those that are waited for.
    ///
    /// - Returns: whether it is one of them.
    func take(_ push: [RESPValue]) -> Bool {
        guard push.count >= 2, push[0].bytes == word else { return false }
        if takesAnyName { return true }
        guard let name = push[1].bytes, let count = names[name] else { return false }
        names[name] = count > 1 ? count - 1 : nil
        return true
    }
}

/// Those who wait for answers on a connection, in the order of what was sent. Each has a number, which is never used
/// again: whoever stops waiting says its number, and stays in line without a waiter, so that the answer that is his finds
/// nobody, and the next one the next caller.
struct PendingAnswers {
    private var line = Deque<PendingAnswer>()
    /// The number of the first in line.
    private var firstNumber: UInt64 = 0

    var count: Int { line.count }
    var isEmpty: Bool { line.isEmpty }

    /// Puts one at the end.
    ///
    /// - Returns: its number.
    @inline(__always)
    mutating func append(_ pending: PendingAnswer) -> UInt64 {
        line.append(pending)
        return firstNumber &+ UInt64(line.count) &- 1
    }

    /// Calls `body` with the one of this number; `nil` when it has been answered.
    @inline(__always)
    mutating func with<Result>(_ number: UInt64, _ body: (inout PendingAnswer) -> Result) -> Result? {
        let index = number &- firstNumber
        guard index < UInt64(line.count) else { return nil }
        return body(&line[Int(index)])
    }

    /// Whether the first in line wants a bulk as text.
    var firstWantsText: Bool { !line.isEmpty && line[0].wantsText }

    /// The acknowledgements that the first in line, whom there must be, waits for.
    var firstAcknowledgements: RedisAcknowledgements? { line[0].acknowledgements }

    /// Takes an answer for the first in line off what it lacks.
    ///
    /// - Returns: the first one, when that was its last answer and it has left the line.
    @inline(__always)
    mutating func answerFirst(_ value: RESPValue?) -> PendingAnswer? {
        if line[0].answersLeft > 1 {
            line[0].answersLeft -= 1
            if let value { line[0].batch?.append(value) }
            return nil
        }
        firstNumber &+= 1
        let first = line.removeFirst()
        if let value { first.batch?.append(value) }
        return first
    }

    /// Takes the first one out of the line, whatever it lacks.
    mutating func removeFirst() -> PendingAnswer {
        firstNumber &+= 1
        return line.removeFirst()
    }

    /// Takes out everyone.
    mutating func removeAll() -> Deque<PendingAnswer> {
        let all = line
        firstNumber &+= UInt64(line.count)
        line = Deque()
        return all
    }

    /// Calls `body` with everyone, in order.
    mutating func forEach(_ body: (inout PendingAnswer) -> Void) {
        for index in line.indices { body(&line[index]) }
    }
}

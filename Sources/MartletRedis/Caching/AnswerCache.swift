/// What a client has cached of a server's answers, and what it is asking for: a bounded cache that gives up first what
/// was used least recently.
///
/// A key may change between a question and its answer. So whoever asks puts a placeholder in first:
///
///     (nothing) ── begin ──▶ placeholder ── fill ──▶ answer
///         ▲                      │                     │
///         └───── invalidate, removeAll, abandon ───────┘
///
/// Of a placeholder that was taken away, `fill` finds nothing, and does not keep what may be old. Placeholders count for
/// no limit: there are as many as questions under way.
nonisolated struct AnswerCache<Answer> {
    /// How many answers may be kept.
    let maximumCount: Int
    /// How many bytes the answers may have that are kept, with their commands.
    let maximumBytes: Int

    /// A question under way. Numbers are not used twice.
    struct Ticket: Hashable {
        fileprivate let command: [UInt8]
        fileprivate let number: UInt64
    }

    enum Finding {
        /// What it was answered.
        case answer(Answer)
        /// Somebody asks already, and the answer will be new enough for whoever asks now.
        case underWay(Ticket)
        case nothing
    }

    private struct Entry {
        let command: [UInt8]
        let keys: [[UInt8]]
        let number: UInt64
        var answer: Answer?
        var cost = 0
        /// When the answer is too old, on whatever clock the caller has.
        var deadline = Int64.max
        var older = -1
        var newer = -1
    }

    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var places: [[UInt8]: Int] = [:]
    private var placesOfKeys: [[UInt8]: Set<Int>] = [:]
    private var oldest = -1
    private var newest = -1
    private var nextNumber: UInt64 = 0

    /// How many answers are kept.
    private(set) var count = 0
    /// What they cost.
    private(set) var bytes = 0
    /// How many answers were given up for others.
    private(set) var evictions = 0

    /// What an answer costs beside its bytes.
    private static var overhead: Int { 128 }

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = max(0, maximumCount)
        self.maximumBytes = max(0, maximumBytes)
    }

    // MARK: Asking

    /// What there is for a command.
    ///
    /// - Parameters:
    ///   - command: the whole command as it is sent.
    ///   - now: the caller's clock.
    mutating func find(_ command: [UInt8], now: Int64) -> Finding {
        guard let place = places[command], let entry = entries[place] else { return .nothing }
        guard let answer = entry.answer else { return .underWay(Ticket(command: command, number: entry.number)) }
        guard now < entry.deadline else {
            remove(place)
            return .nothing
        }
        unlink(place)
        link(place)
        return .answer(answer)
    }

    /// Puts a placeholder in, in place of whatever there is.
    ///
    /// - Parameters:
    ///   - command: the whole command as it is sent.
    ///   - keys: the keys whose change makes the answer invalid.
    mutating func begin(_ command: [UInt8], keys: [[UInt8]]) -> Ticket {
        if let place = places[command] { remove(place) }
        nextNumber &+= 1
        let entry = Entry(command: command, keys: keys, number: nextNumber)
        let place: Int
        if let unused = free.popLast() {
            place = unused
            entries[place] = entry
        } else {
            place = entries.count
            entries.append(entry)
        }
        places[command] = place
        for key in keys { placesOfKeys[key, default: []].insert(place) }
        return Ticket(command: command, number: nextNumber)
    }

    /// Keeps an answer, if its placeholder is still there and there can be room.
    ///
    /// - Parameters:
    ///   - ticket: what `begin` gave.
    ///   - answer: the answer.
    ///   - size: its bytes.
    ///   - deadline: when it is too old.
    /// - Returns: whether it is kept.
    @discardableResult
    mutating func fill(_ ticket: Ticket, with answer: Answer, size: Int, until deadline: Int64 = .max) -> Bool {
        guard let place = place(of: ticket), let entry = entries[place], entry.answer == nil else { return false }
        let (sum, overflows) = size.addingReportingOverflow(entry.command.count * 2 + Self.overhead)
        guard !overflows, sum <= maximumBytes, maximumCount > 0 else {
            remove(place)
            return false
        }
        entries[place]?.answer = answer
        entries[place]?.cost = sum
        entries[place]?.deadline = deadline
        count += 1
        bytes += sum
        link(place)
        while count > maximumCount || bytes > maximumBytes, oldest >= 0, oldest != place {
            evictions &+= 1
            remove(oldest)
        }
        return true
    }

    /// Takes a placeholder away whose question has failed.
    mutating func abandon(_ ticket: Ticket) {
        guard let place = place(of: ticket), entries[place]?.answer == nil else { return }
        remove(place)
    }

    /// Whether a ticket's placeholder, or its answer, is still there: nothing of it has changed.
    func isValid(_ ticket: Ticket) -> Bool { place(of: ticket) != nil }

    private func place(of ticket: Ticket) -> Int? {
        guard let place = places[ticket.command], entries[place]?.number == ticket.number else { return nil }
        return place
    }

    // MARK: Invalidation

    /// Forgets everything that a key has to do with.
    ///
    /// - Returns: how many answers and placeholders that were.
    @discardableResult
    mutating func invalidate(_ key: [UInt8]) -> Int {
        guard let affected = placesOfKeys[key] else { return 0 }
        for place in affected { remove(place) }
        return affected.count
    }

    /// Forgets everything.
    mutating func removeAll() {
        entries = []
        free = []
        places = [:]
        placesOfKeys = [:]
        oldest = -1
        newest = -1
        count = 0
        bytes = 0
    }

    private mutating func remove(_ place: Int) {
        guard let entry = entries[place] else { return }
        if entry.answer != nil {
            unlink(place)
            count -= 1
            bytes -= entry.cost
        }
        places[entry.command] = nil
        for key in entry.keys {
            placesOfKeys[key]?.remove(place)
            if placesOfKeys[key]?.isEmpty == true { placesOfKeys[key] = nil }
        }
        entries[place] = nil
        free.append(place)
    }

    // MARK: Order of use

    private mutating func link(_ place: Int) {
        entries[place]?.older = newest
        entries[place]?.newer = -1
        if newest >= 0 { entries[newest]?.newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        guard let entry = entries[place] else { return }
        if entry.older >= 0 { entries[entry.older]?.newer = entry.newer } else { oldest = entry.newer }
        if entry.newer >= 0 { entries[entry.newer]?.older = entry.older } else { newest = entry.older }
    }
}

/// A task that waits at one or more channels, until it meets another at one of them.
final class Selection: Suspension {
    /// At which of them that was.
    private(set) var chosen: Int?

    override init() {
        super.init()
    }

    /// Ends the wait.
    func choose(_ index: Int) {
        chosen = index
        resume()
    }

    /// Waits until one of those that stand in line for this meets another.
    ///
    /// - Returns: the index of that one.
    func wait() async throws(CancellationError) -> Int {
        guard await suspend(), let chosen else { throw CancellationError() }
        return chosen
    }
}

/// What stands in line at a channel for a selection: one that wants to send or one that wants to receive.
final class ChannelParty<Element: Sendable> {
    /// What it carries. A sender's is gone once it was received, a receiver's is there once it was sent; one that goes
    /// on with what it came with has found the channel closed.
    fileprivate(set) var element: Element?

    fileprivate let selection: Selection
    fileprivate let index: Int
    fileprivate var next: ChannelParty?
    fileprivate unowned(unsafe) var previous: ChannelParty?
    fileprivate var isInLine = false

    init(_ selection: Selection = Selection(), _ index: Int = 0, carrying element: Element?) {
        self.selection = selection
        self.index = index
        self.element = element
    }

    /// A sender gives what it carries, and goes on.
    func give() -> Element? {
        defer { element = nil }
        selection.choose(index)
        return element
    }

    /// A receiver is given an element, and goes on.
    func take(_ element: Element) {
        self.element = element
        selection.choose(index)
    }

    /// Goes on with what it carries, because the channel is closed.
    func giveUp() {
        selection.choose(index)
    }
}

/// Those that wait at a channel for one direction, in the order in which they came.
final class ChannelLine<Element: Sendable> {
    private var first: ChannelParty<Element>?
    private unowned(unsafe) var last: ChannelParty<Element>?

    func append(_ party: ChannelParty<Element>) {
        party.isInLine = true
        party.previous = last
        if let last { last.next = party } else { first = party }
        last = party
    }

    /// Waits in line until it has met another there.
    func wait(_ party: ChannelParty<Element>) async throws(CancellationError) {
        append(party)
        defer { remove(party) }
        _ = try await party.selection.wait()
    }

    /// Takes out one that met another, here or elsewhere, or was cancelled; nothing happens when it has been.
    func remove(_ party: ChannelParty<Element>) {
        guard party.isInLine else { return }
        party.isInLine = false
        let next = party.next
        let previous = party.previous
        party.next = nil
        party.previous = nil
        next?.previous = previous
        if next == nil { last = previous }
        // Last, because it may be what holds the party.
        if let previous { previous.next = next } else { first = next }
    }

    /// Takes out the first that still waits. One whose task has been resumed, by another channel or by its
    /// cancellation, only has not come to leave the line itself.
    func popFirst() -> ChannelParty<Element>? {
        while let party = first {
            remove(party)
            if party.selection.isSuspended { return party }
        }
        return nil
    }

    /// How many wait; looks at each.
    var count: Int {
        var count = 0
        var party = first
        while let current = party {
            if current.selection.isSuspended { count += 1 }
            party = current.next
        }
        return count
    }
}

/// One of the things that `select` waits for, and what to do once it is the one.
public struct SelectCase<Output> {
    /// Made anew for each `select`, so that a case can be kept and used again.
    let makeOffer: () -> SelectOffer<Output>

    /// Receives from a channel.
    ///
    /// - Parameters:
    ///   - channel: where from.
    ///   - body: gets the element; `nil` when the channel is closed and nothing is left in it, which is ready at once.
    public static func receive<Element: Sendable>(
        from channel: Channel<Element>, _ body: @escaping @MainActor (Element?) async throws -> Output
    ) -> SelectCase {
        SelectCase { ReceiveOffer(channel, body) }
    }

    /// Sends to a channel. A channel that is closed makes `select` throw a `ChannelError`.
    ///
    /// - Parameters:
    ///   - element: what to send, if this is the one.
    ///   - channel: where to.
    ///   - body: called when it has been sent.
    public static func send<Element: Sendable>(
        _ element: Element, to channel: Channel<Element>, _ body: @escaping @MainActor () async throws -> Output
    ) -> SelectCase {
        SelectCase { SendOffer(element, channel, body) }
    }

    /// Gives up waiting for the other cases.
    ///
    /// - Parameters:
    ///   - delay: how long to wait; not at all when it is zero or negative and no other is ready.
    ///   - body: called when that time is over.
    public static func after(
        _ delay: Duration, _ body: @escaping @MainActor () async throws -> Output
    ) -> SelectCase {
        SelectCase { DelayOffer(delay, body) }
    }
}

/// A case of one `select`: tried, then put in line, taken out of line, and the chosen one completed.
class SelectOffer<Output> {
    init() {}

    /// Whether it could be done at once, and has been.
    func isDoneAtOnce() throws -> Bool { false }

    /// Waits for its turn; `selection` is told `index` when that has come.
    func enlist(_ selection: Selection, _ index: Int) {}

    /// Waits no longer.
    func withdraw() {}

    /// What follows when it is the one.
    func complete() async throws -> Output { fatalError("a case of a select that cannot be completed") }
}

private final class ReceiveOffer<Element: Sendable, Output>: SelectOffer<Output> {
    private let channel: Channel<Element>
    private let body: @MainActor (Element?) async throws -> Output
    private var element: Element?
    private var party: ChannelParty<Element>?

    init(_ channel: Channel<Element>, _ body: @escaping @MainActor (Element?) async throws -> Output) {
        self.channel = channel
        self.body = body
    }

    override func isDoneAtOnce() -> Bool {
        element = channel.tryReceive()
        return element != nil || channel.isClosed
    }

    override func enlist(_ selection: Selection, _ index: Int) {
        let party = ChannelParty<Element>(selection, index, carrying: nil)
        self.party = party
        channel.receivers.append(party)
    }

    override func withdraw() {
        if let party { channel.receivers.remove(party) }
    }

    override func complete() async throws -> Output {
        try await body(element ?? party?.element)
    }
}

private final class SendOffer<Element: Sendable, Output>: SelectOffer<Output> {
    private let element: Element
    private let channel: Channel<Element>
    private let body: @MainActor () async throws -> Output
    private var party: ChannelParty<Element>?

    init(_ element: Element, _ channel: Channel<Element>, _ body: @escaping @MainActor () async throws -> Output) {
        self.element = element
        self.channel = channel
        self.body = body
    }

    override func isDoneAtOnce() throws -> Bool {
        try channel.trySend(element)
    }

    override func enlist(_ selection: Selection, _ index: Int) {
        let party = ChannelParty(selection, index, carrying: element)
        self.party = party
        channel.senders.append(party)
    }

    override func withdraw() {
        if let party { channel.senders.remove(party) }
    }

    override func complete() async throws -> Output {
        if party?.element != nil { throw ChannelError(.closed) }
        return try await body()
    }
}

private final class DelayOffer<Output>: SelectOffer<Output> {
    private let delay: Duration
    private let body: @MainActor () async throws -> Output
    private var timer: LoopTimer?

    init(_ delay: Duration, _ body: @escaping @MainActor () async throws -> Output) {
        self.delay = delay
        self.body = body
    }

    override func enlist(_ selection: Selection, _ index: Int) {
        timer = EventLoop.main.callLater(delay) { selection.choose(index) }
    }

    override func withdraw() {
        timer?.cancel()
    }

    override func complete() async throws -> Output {
        try await body()
    }
}

/// Lends inflaters and deflaters to the sockets of one worker, for the time of a message.
///
/// Without context takeover nothing of a message is of use to the next one, so a socket between messages needs neither:
/// it costs nothing, and the worker keeps a few of each, 262 KiB for a deflater and 39 KiB for an inflater with the
/// largest window. With context takeover a socket takes its own and keeps them.
///
/// Belongs to one thread, as what it lends does.
public final class DeflateContexts {
    private let level: Int
    private let memoryLevel: Int
    private var inflaters: [MessageInflater] = []
    private var deflaters: [MessageDeflater] = []

    /// How many of each are kept: messages that arrive in pieces overlap.
    private static let kept = 4

    /// Nothing to begin with: what is lent is made when it is first asked for.
    ///
    /// - Parameters:
    ///   - level: of the deflaters: 1, fast, to 9, small.
    ///   - memoryLevel: of the deflaters: 1 to 9.
    public init(
        level: Int = 4,
        memoryLevel: Int = 8
    ) {
        self.level = level
        self.memoryLevel = memoryLevel
    }

    deinit {}

    /// An inflater that remembers nothing.
    ///
    /// - Parameter windowBits: 8 to 15.
    public func takeInflater(windowBits: Int) -> MessageInflater {
        guard let index = inflaters.lastIndex(where: { $0.windowBits == windowBits }) else {
            return MessageInflater(windowBits: windowBits)
        }
        return inflaters.remove(at: index)
    }

    /// Takes an inflater back, in whatever state it is. It must not be used any more.
    public func giveBack(_ inflater: MessageInflater) {
        inflater.reset()
        if inflaters.count == Self.kept { inflaters.removeFirst() }
        inflaters.append(inflater)
    }

    /// A deflater that remembers nothing.
    ///
    /// - Parameter windowBits: 9 to 15.
    public func takeDeflater(windowBits: Int) -> MessageDeflater {
        guard let index = deflaters.lastIndex(where: { $0.windowBits == windowBits }) else {
            return MessageDeflater(windowBits: windowBits, level: level, memoryLevel: memoryLevel)
        }
        return deflaters.remove(at: index)
    }

    /// Takes a deflater back, in whatever state it is. It must not be used any more.
    public func giveBack(_ deflater: MessageDeflater) {
        guard deflater.level == level, deflater.memoryLevel == memoryLevel else { return }
        deflater.reset()
        if deflaters.count == Self.kept { deflaters.removeFirst() }
        deflaters.append(deflater)
    }
}

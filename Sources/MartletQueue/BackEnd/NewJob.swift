/// A job to be added, which has been looked at.
public nonisolated struct NewJob: Sendable {
    /// What kind of job it is.
    public let kind: String
    /// What its handler gets.
    public let payload: [UInt8]
    /// How it is run.
    public let options: JobOptions

    /// A job to be added.
    ///
    /// - Parameters:
    ///   - kind: what kind of job it is: 1 to 128 bytes.
    ///   - payload: what its handler gets.
    ///   - options: how it is run.
    public init(_ kind: String, _ payload: [UInt8] = [], _ options: JobOptions = JobOptions()) {
        self.kind = kind
        self.payload = payload
        self.options = options
    }

    static let longestKind = 128
    static let longestKey = 256
    static let attemptsRange = 1...1000

    /// Why it cannot be added; `nil` when it can.
    func fault(_ settings: QueueSettings) -> String? {
        if !(1...Self.longestKind).contains(kind.utf8.count) || !kind.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
            return "the kind \"\(kind.prefix(64))\" is not 1 to \(Self.longestKind) bytes of printable text"
        }
        if payload.count > settings.payloadLimit {
            return "the payload of \"\(kind)\" has \(payload.count) bytes, of \(settings.payloadLimit) that are taken"
        }
        if let key = options.key, !(1...Self.longestKey).contains(key.utf8.count) || key.utf8.contains(0) {
            return "the key of \"\(kind)\" is not 1 to \(Self.longestKey) bytes without a zero byte"
        }
        if options.isUnique && options.key == nil { return "\"\(kind)\" is to be unique, but has no key" }
        if !Self.attemptsRange.contains(options.attempts) {
            return "\"\(kind)\" is to be tried \(options.attempts) times, which is not 1 to 1000"
        }
        if let timeout = options.timeout, timeout < .milliseconds(1) || timeout > JobBackoff.limit {
            return "the timeout of \"\(kind)\" is \(timeout), not a millisecond to a year"
        }
        return nil
    }

    /// When it may begin, in milliseconds since 1970; `nil` for at once.
    func due(at now: Int) -> Int? {
        let due =
            switch options.start {
            case .now: now
            case .after(let delay): QueueClock.sum(now, min(max(delay, .zero), .seconds(1 << 36)))
            // Numbers that Redis keeps as floating-point ones, exactly.
            case .at(let time): min(time, 1 << 52)
            }
        return due > now ? due : nil
    }
}

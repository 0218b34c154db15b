/// Which user of the bus a message is for: a byte before each message.
///
/// Numbers below 128 are Martlet's own; an application chooses from 128 on.
public nonisolated struct WorkerBusService: RawRepresentable, Hashable, Sendable {
    /// The byte.
    public let rawValue: UInt8

    /// The service of a number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Channels that clients subscribe to, whichever worker they are connected to.
    public static let channels = WorkerBusService(rawValue: 1)
}

/// How a database is used.
public struct SQLiteSettings: Hashable, Sendable {
    /// How long to wait for others, processes included, who write at the moment.
    public var busyTimeout: Duration = .seconds(5)
    /// Whether what is committed survives that the power fails at once, too (`synchronous = FULL`). Without, the last
    /// commits may be gone after that, but never after the process or the program has crashed.
    public var isDurable = false
    /// Whether nothing may be changed; the file then has to be there.
    public var isReadOnly = false

    /// The defaults.
    public init() {}

    /// The defaults, but what is committed survives that the power fails.
    public static var durable: SQLiteSettings {
        var settings = SQLiteSettings()
        settings.isDurable = true
        return settings
    }
}

/// How a database is used.
public struct SQLiteSettings: Hashable, Sendable {
    /// How long to wait for others, processes included, who write at the moment.
    public var busyTimeout: Duration = .seconds(5)
    /// Whether what is committed survives that the power fails at once, too (`synchronous = FULL`). Without, the last
    /// commits may be gone after that, but never after the process or the program has crashed.
    public var isDurable = false
    /// Bytes of a page, of a database that is created: a power of two from 512 to 65,536. The whole page goes to the journal
    /// when anything in it changes.
    public var pageSize = 4096
    /// About how many bytes of changes the journal gathers until they are copied into the database, which whoever commits
    /// then waits for. More of them make fewer copies of a page that is changed again and again, and a longer journal to
    /// read after a crash.
    public var journalSize = 4 << 20
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

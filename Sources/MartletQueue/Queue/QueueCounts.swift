/// How many jobs of a queue there are in each state.
public nonisolated struct QueueCounts: Codable, Hashable, Sendable {
    /// Those that wait for their time.
    public var scheduled = 0
    /// Those that wait for a worker.
    public var waiting = 0
    /// Those that wait for another one of their key.
    public var held = 0
    /// Those that run.
    public var running = 0
    /// Those that have succeeded, and are kept for a while.
    public var done = 0
    /// Those that were given up.
    public var dead = 0

    /// None.
    public init() {}

    /// Those in a state.
    public subscript(state: JobState) -> Int {
        get {
            switch state {
            case .scheduled: scheduled
            case .waiting: waiting
            case .held: held
            case .running: running
            case .done: done
            case .dead: dead
            }
        }
        set {
            switch state {
            case .scheduled: scheduled = newValue
            case .waiting: waiting = newValue
            case .held: held = newValue
            case .running: running = newValue
            case .done: done = newValue
            case .dead: dead = newValue
            }
        }
    }

    /// Those that will run at some time.
    public var pending: Int { scheduled + waiting + held }
}

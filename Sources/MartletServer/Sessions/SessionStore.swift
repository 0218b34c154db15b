import MartletLoop

/// Keeps sessions: in memory, in Redis, in a database.
public protocol SessionStore {
    /// The session of that name; `nil` when there is none, or it has expired.
    func load(_ id: String) async throws -> [String: String]?

    /// Keeps a session for so long, in place of one of the same name.
    func save(_ id: String, _ values: [String: String], for lifetime: Duration) async throws

    /// Forgets a session, if it is there.
    func remove(_ id: String) async throws
}

/// Sessions in the memory of one worker: for tests, and for services of one worker, which lose them when it ends.
public final class MemorySessionStore: SessionStore {
    private var sessions: [String: (values: [String: String], expiry: EventLoop.Instant)] = [:]
    private let capacity: Int

    /// A store for so many sessions; beyond that, those that expire first are forgotten.
    public init(capacity: Int = 100_000) {
        self.capacity = max(1, capacity)
    }

    deinit {}

    /// How many there are.
    public var count: Int { sessions.count }

    /// The session of that name.
    public func load(_ id: String) async throws -> [String: String]? {
        guard let session = sessions[id] else { return nil }
        guard session.expiry > EventLoop.main.time() else {
            sessions[id] = nil
            return nil
        }
        return session.values
    }

    /// Keeps a session.
    public func save(_ id: String, _ values: [String: String], for lifetime: Duration) async throws {
        if sessions[id] == nil, sessions.count >= capacity { makeRoom() }
        sessions[id] = (values, EventLoop.main.time() + lifetime)
    }

    /// Forgets a session.
    public func remove(_ id: String) async throws {
        sessions[id] = nil
    }

    /// Forgets a sixteenth of all, so that this is done for one new session in so many.
    private func makeRoom() {
        let oldest = sessions.sorted { $0.value.expiry < $1.value.expiry }.prefix(max(1, capacity / 16))
        for (id, _) in oldest { sessions[id] = nil }
    }
}

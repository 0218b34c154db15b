import MartletJSON

/// What the server remembers of a client between requests, text by name. A handler reads and changes it while it answers;
/// afterwards it is put into a cookie or a store, if it was changed.
///
/// ```swift
/// router.use(Sessions(secrets: [secret]))
/// router.post("/login") { (request, login: Login) in
///     try check(login)
///     try request.session.renew()                     // nobody knows the name of what follows
///     request.session["user"] = login.name
///     return "hello"
/// }
/// ```
public final class Session {
    /// What is remembered.
    public private(set) var values: [String: String]
    /// Under what a store knows it; `nil` of a new one, and where the client keeps everything itself.
    public internal(set) var id: String?
    /// Whether the client had none.
    public let isNew: Bool

    private(set) var isChanged = false
    private(set) var isRenewed = false

    init(id: String? = nil, values: [String: String] = [:], isNew: Bool = true) {
        self.id = id
        self.values = values
        self.isNew = isNew
    }

    deinit {}

    /// The text of a name; `nil` when there is none, and to remove it.
    public subscript(name: String) -> String? {
        get { values[name] }
        set {
            guard values[name] != newValue else { return }
            values[name] = newValue
            isChanged = true
        }
    }

    /// The value of a name, as it was kept by ``set(_:_:)``; `nil` when there is none.
    ///
    /// - Throws: `DecodingError` when it is of another type.
    public func value<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value? {
        try values[name].map { try ApplicationJSON.reader.read(type, from: Array($0.utf8)) }
    }

    /// Keeps a value under a name, as JSON.
    ///
    /// - Throws: `EncodingError` when it cannot be encoded.
    public func set<Value: Encodable>(_ name: String, _ value: Value) throws {
        self[name] = String(decoding: try ApplicationJSON.writer.write(value), as: UTF8.self)
    }

    /// Forgets everything; the client is told to forget its cookie.
    public func clear() {
        guard !values.isEmpty else { return }
        values = [:]
        isChanged = true
    }

    /// Gives a stored session another name, under which nobody else can know it. To be called when somebody logs in or
    /// gets more rights (session fixation, OWASP).
    public func renew() {
        isRenewed = true
        isChanged = true
    }
}

extension Request {
    /// The client's session. To ask for it where no ``Sessions`` or ``StoredSessions`` lies around the handler is a
    /// mistake in the program, and ends it.
    public var session: Session {
        guard let session = self[SessionKey.self] else {
            fatalError("the route \(path) has no sessions; add `use(Sessions(…))` to its group or router")
        }
        return session
    }
}

enum SessionKey: RequestKey {
    typealias Value = Session
}

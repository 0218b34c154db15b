/// What a control client can ask for, in the words of the command line, of the text protocol and of HTTP.
public nonisolated enum ControlVerb: Hashable, Sendable {
    /// Facts; changes nothing.
    case show(Topic)
    /// Replaces all workers, with the configuration as its file is now.
    case reload
    /// Reads certificates and keys anew, for new handshakes.
    case reloadTLS
    /// Changes the number of workers until the next reload.
    case scale(Int)
    /// Ends the daemon when the requests that it has are answered.
    case drain
    /// Ends the daemon at once.
    case stop
    /// Changes the log level until the next reload.
    case setLogLevel(String)

    /// What can be shown.
    public nonisolated enum Topic: String, CaseIterable, Sendable {
        /// The daemon: version, uptime, configuration, last reload.
        case info
        /// The workers, one line each.
        case workers
        /// All counters.
        case stat
        /// All counters and the application's metrics, as Prometheus reads them.
        case metrics
        /// What went wrong lately.
        case errors
    }

    /// The forms, for help and for messages.
    public static let forms: [(form: String, meaning: String)] = [
        ("show info", "the daemon: version, uptime, configuration, last reload"),
        ("show workers", "the workers and what each is doing"),
        ("show stat", "all counters, of the service and of each slot"),
        ("show metrics", "all of that as Prometheus reads it"),
        ("show errors", "what went wrong lately"),
        ("reload", "replace all workers, with the configuration as it is now"),
        ("tls reload", "read certificates and keys anew, for new handshakes"),
        ("tls self-signed", "make a key and a certificate for --name, in --out"),
        ("scale N", "change the number of workers until the next reload"),
        ("drain", "answer the requests that there are, then end"),
        ("stop", "end at once"),
        ("set log-level L", "trace, debug, info, notice, warning, error or critical"),
    ]

    private static let firstWords = ["show", "reload", "tls", "scale", "drain", "stop", "set"]

    /// Reads words such as `["show", "info"]`.
    ///
    /// - Throws: a ``ControlClientError`` with the code `usage` that names what was perhaps meant.
    public init(words: [String]) throws(ControlClientError) {
        let arguments = Array(words.dropFirst())
        switch (words.first, arguments.count) {
        case ("show", 1): self = .show(try Self.topic(arguments[0]))
        case ("show", _): throw Self.usage("show what?", Topic.allCases.map { "show \($0)" })
        case ("reload", 0): self = .reload
        case ("tls", 1) where arguments[0] == "reload": self = .reloadTLS
        case ("tls", _):
            throw Self.usage("what about TLS?", ["tls reload", "tls self-signed --name NAME --out DIR"])
        case ("drain", 0): self = .drain
        case ("stop", 0): self = .stop
        case ("scale", 1):
            guard let count = Int(arguments[0]) else {
                throw .usage("scale: \"\(arguments[0])\" is no number of workers; write `scale 4`")
            }
            self = .scale(count)
        case ("scale", _): throw Self.usage("scale to how many workers?", ["scale N"])
        case ("set", 2) where arguments[0] == "log-level" && Self.isWord(arguments[1]):
            self = .setLogLevel(arguments[1])
        case ("set", _): throw Self.usage("set what?", ["set log-level LEVEL"])
        case ("reload", _), ("drain", _), ("stop", _):
            throw .usage("\(words[0]) takes no arguments, found \"\(arguments[0])\"")
        case (nil, _): throw Self.usage("what is to be done?", Self.forms.map(\.form))
        case (let word?, _):
            let suggestion = Spelling.suggestion(for: word, among: Self.firstWords)
            throw .usage("unknown verb \"\(word)\"" + (suggestion.isEmpty ? "; try `help`" : suggestion))
        }
    }

    private static func topic(_ word: String) throws(ControlClientError) -> Topic {
        guard let topic = Topic(rawValue: word) else {
            let topics = Topic.allCases.map(\.rawValue)
            let suggestion = Spelling.suggestion(for: word, among: topics)
            throw .usage(
                "cannot show \"\(word)\""
                    + (suggestion.isEmpty ? "; there is \(topics.joined(separator: ", "))" : suggestion))
        }
        return topic
    }

    private static func usage(_ question: String, _ forms: [String]) -> ControlClientError {
        .usage("\(question) \(forms.joined(separator: ", "))")
    }

    /// Safe as one word of a line, and in JSON without escapes.
    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    }

    /// The line of the text protocol, without its end.
    ///
    /// - Parameter waits: whether the daemon is to answer only when everything that follows is over.
    func line(waits: Bool) -> String {
        let wait = waits && changesWorkers ? " wait" : ""
        return switch self {
        case .show(let topic): "show \(topic)"
        case .reload: "reload\(wait)"
        case .reloadTLS: "tls reload"
        case .scale(let count): "scale \(count)\(wait)"
        case .drain: "drain\(wait)"
        case .stop: "stop\(wait)"
        case .setLogLevel(let level): "set log-level \(level)"
        }
    }

    /// The request of the HTTP side: method, target and JSON body. Without a query it would not wait for the verdict.
    func http(waits: Bool) -> (method: String, target: String, body: String) {
        let query = waits ? "?wait=end" : endsDaemon ? "" : "?wait=1"
        return switch self {
        case .show(.stat): ("GET", "/v1/stats", "")
        case .show(let topic): ("GET", "/v1/\(topic)", "")
        case .reload: ("POST", "/v1/reload\(query)", "")
        case .reloadTLS: ("POST", "/v1/tls/reload?wait=1", "")
        case .scale(let count): ("POST", "/v1/scale\(query)", "{\"workers\":\(count)}")
        case .drain: ("POST", "/v1/drain\(query)", "")
        case .stop: ("POST", "/v1/stop\(query)", "")
        case .setLogLevel(let level): ("POST", "/v1/log-level", "{\"level\":\"\(level)\"}")
        }
    }

    /// Whether it ends the daemon.
    var endsDaemon: Bool { self == .drain || self == .stop }

    private var changesWorkers: Bool {
        switch self {
        case .reload, .scale, .drain, .stop: true
        case .show, .reloadTLS, .setLogLevel: false
        }
    }
}

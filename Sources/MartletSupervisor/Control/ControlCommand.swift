import Logging
import MartletLoop

/// One thing that the control socket can be asked: the same for text, HTTP and `help`.
///
/// `Subject` is what it is about: a `Master`, or a `LoneProcess`; `Void` of one that is bound to its subject.
struct ControlCommand<Subject> {
    /// The words of the text command: `show info`.
    let words: [String]
    /// What follows the words, and what it is called in a JSON body; `nil` when nothing does.
    var parameter: String?
    let route: ControlRoute
    /// Who can be waited for, besides the usual.
    var waits: [ControlPatience] = []
    /// How long a text command waits unless it says otherwise. HTTP does not wait unless told to.
    var usualPatience = ControlPatience.started
    let help: String
    let run: @MainActor (Subject, ControlRequest) async throws(ControlRefusal) -> any ControlAnswer

    var changesSomething: Bool {
        if case .post = route { true } else { false }
    }

    /// `scale N [nowait|wait]`
    var usage: String {
        var text = words.joined(separator: " ")
        if let parameter { text += " \(parameter.uppercased())" }
        if !waits.isEmpty { text += " [\(waits.map(\.word).joined(separator: "|"))]" }
        return text
    }

    /// The command as it is asked of `subject`.
    func bound(to subject: Subject) -> ControlCommand<Void> {
        let run = run
        return ControlCommand<Void>(
            words: words, parameter: parameter, route: route, waits: waits, usualPatience: usualPatience, help: help
        ) { (_, request) async throws(ControlRefusal) in try await run(subject, request) }
    }
}

/// How HTTP asks for a command. What changes something is a POST; a GET never does.
nonisolated enum ControlRoute: Hashable, Sendable {
    case get(String)
    case post(String)

    var path: String {
        switch self {
        case .get(let path), .post(let path): path
        }
    }
}

/// How far a command is to be followed before it is answered.
nonisolated enum ControlPatience: Hashable, Sendable {
    /// It has begun.
    case started
    /// It is decided whether it took effect.
    case verdict
    /// Everything that follows from it is over: old workers are gone, the daemon has ended.
    case end

    /// What a text command says.
    var word: String {
        switch self {
        case .started: "nowait"
        case .verdict: "verdict"
        case .end: "wait"
        }
    }

    /// What the query of an HTTP request says: `wait=1`, `wait=end`; `nil` for anything else.
    init?(query: String?) {
        guard let query, !query.isEmpty else {
            self = .started
            return
        }
        switch query {
        case "wait=0": self = .started
        case "wait=1", "wait=true": self = .verdict
        case "wait=end": self = .end
        default: return nil
        }
    }
}

/// What a command was given.
nonisolated struct ControlRequest: Hashable, Sendable {
    /// The value of the command's parameter.
    var argument: String?
    var patience: ControlPatience
}

/// What a command answers: text for people, JSON for programs.
nonisolated protocol ControlAnswer: Encodable, Sendable {
    /// Lines without an empty one among them.
    var text: String { get }
    /// Whether something has only been begun (HTTP 202).
    var isAccepted: Bool { get }
    /// Over HTTP, the media type of `text`, which is then sent in place of JSON.
    var mediaType: String? { get }
}

extension ControlAnswer {
    nonisolated var isAccepted: Bool { false }
    nonisolated var mediaType: String? { nil }
}

/// Why a command was not done.
nonisolated struct ControlRefusal: Error, Hashable, Sendable {
    /// Whose fault it is.
    enum Kind: Hashable, Sendable {
        /// The command is wrong.
        case misuse
        /// There is no such thing.
        case unknown
        /// It may not be asked here.
        case forbidden
        /// It cannot be done now.
        case conflict
        /// It was tried, and nothing has changed.
        case failed
    }

    let kind: Kind
    /// What is wrong and what to do, in lines.
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// What one file of the table says: see `Sources/MartletRedis/Commands/Table/README.md`.
package struct Table {
    /// The group's name, as the server has it.
    var group = ""
    /// Its commands, in the order of the file.
    var commands: [Command] = []
    /// Commands that have no method.
    var omissions: [Omission] = []
}

/// A command of the server.
struct Command {
    /// What it is, as far as a client has to know.
    enum Flag: String, CaseIterable {
        case read, write, idempotent, blocking, connection, admin
    }

    /// Its name, with that of a subcommand behind a space.
    let name: String
    /// The version of the server that it came with.
    let since: String
    let flags: Set<Flag>
    let line: Int
    var methods: [Method] = []
}

/// A command without a method, and why.
struct Omission {
    let name: String
    let line: Int
    var reason = ""
}

/// One way to call a command.
struct Method {
    let name: String
    let arguments: [Argument]
    /// The type of what it returns, `OK` where that is nothing.
    let result: String
    /// What `Value` is unless the caller says otherwise.
    let defaultValue: String
    /// The kinds of the answer in RESP2 and RESP3, where they differ.
    let wire: (resp2: String, resp3: String)?
    /// The version of the server that it came with, where that is later than its command.
    let since: String?
    let line: Int
    var documentation = ""

    /// Whether the caller may choose a type for what comes back.
    var returnsValues: Bool { result.words(of: \.isIdentifierPart).contains("Value") }
    /// Whether it returns nothing but that it is done.
    var returnsNothing: Bool { result == "OK" }
}

/// A part of a method's arguments, in the order of the wire.
enum Argument {
    /// This word.
    case word(String)
    /// How many elements a parameter has.
    case count(of: String)
    /// A value that has to be given.
    case required(Parameter)
    /// A word that is sent when a Bool is true, or when it is false.
    case flag(name: String, word: String, whenFalse: Bool, effects: Effects)
    /// Values that may be given, after a word if there is one.
    case option(Option)

    struct Option {
        let word: String?
        /// Whether the word stands before each element.
        let repeatsWord: Bool
        let parameters: [Parameter]
        let effects: Effects
        /// The name of the tuple of several parameters.
        var tupleName: String { (word ?? "").lowercased() }
    }

    /// What an option changes about its command.
    struct Effects: OptionSet {
        let rawValue: Int
        static let notIdempotent = Effects(rawValue: 1)
        static let blocks = Effects(rawValue: 2)
    }
}

/// A parameter of a method.
struct Parameter {
    enum Kind: Equatable {
        case key, bytes, int, double, text, seconds, milliseconds, any, pairs, keyPairs, scores
        /// A Bool, sent as one of two words.
        case choice(String, String)
        /// A Swift type that appends itself to a command.
        case swift(String)
    }

    let name: String
    let kind: Kind
    let isList: Bool
    let isLabelled: Bool
    /// The Swift expression that it is unless given.
    let defaultValue: String?
}

extension String {
    /// The runs of characters for which `isPart` is true.
    func words(of isPart: (Character) -> Bool) -> [String] {
        split { !isPart($0) }.map(String.init)
    }

    /// With a capital.
    var capitalized: String { prefix(1).uppercased() + dropFirst() }
}

extension Character {
    /// Whether a Swift name may have it.
    var isIdentifierPart: Bool { isASCII && (isLetter || isNumber) || self == "_" }
}

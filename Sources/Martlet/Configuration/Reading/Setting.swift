/// A key of a table: its name, and how its value gets into the configuration.
nonisolated struct Setting<Root>: Sendable {
    let name: String
    let isRequired: Bool
    /// Puts a value where it belongs, or says what is wrong with it.
    let apply: @Sendable (SettingValue, inout Root) throws(Complaint) -> Void

    /// A key whose value `read` understands.
    init<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value> & Sendable, isRequired: Bool = false,
        _ read: @escaping @Sendable (SettingValue) throws(Complaint) -> Value
    ) {
        self.name = name
        self.isRequired = isRequired
        apply = { (value, root) throws(Complaint) in root[keyPath: path] = try read(value) }
    }
}

/// What is wrong with a value: the part of a message behind the key.
nonisolated struct Complaint: Error {
    let text: String

    init(_ text: String) { self.text = text }

    init(expected: String, found value: SettingValue, advice: String? = nil) {
        text = "expected \(expected), found \(value)" + (advice.map { "; \($0)" } ?? "")
    }
}

/// A value as it was given: in a file with its type, elsewhere as mere text.
nonisolated enum SettingValue {
    case toml(TOMLValue)
    case text(String)

    var string: String? {
        switch self {
        case .toml(.string(let text)), .text(let text): text
        default: nil
        }
    }

    var integer: Int64? {
        switch self {
        case .toml(.integer(let number)): number
        case .text(let text): Int64(text)
        default: nil
        }
    }

    var boolean: Bool? {
        switch self {
        case .toml(.boolean(let value)): value
        case .text("true"): true
        case .text("false"): false
        default: nil
        }
    }
}

nonisolated extension SettingValue: CustomStringConvertible {
    /// As a message says it: `string "x"`, `integer 5`.
    var description: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .toml(.string(let text)): "string \(Self.quoted(text))"
        case .toml(.integer(let number)): "integer \(number)"
        case .toml(.float(let number)): "number \(number)"
        case .toml(.boolean(let value)): "\(value)"
        case .toml(.dateTime(let text)): "date or time \(text)"
        case .toml(.array): "an array"
        case .toml(.table): "a table"
        }
    }

    /// Short, and free of what would disturb a terminal or a log.
    static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(80).map { scalar in
            scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return "\"\(shown.joined())\(text.unicodeScalars.count > 80 ? "…" : "")\""
    }
}

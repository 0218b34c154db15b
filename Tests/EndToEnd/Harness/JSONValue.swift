import FoundationEssentials

/// Any JSON, for what the control socket answers.
enum JSONValue: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(parsing text: String) throws {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        } catch {
            throw Failure("no JSON: \(text.prefix(500)) (\(error))")
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    var number: Double? { if case .number(let value) = self { value } else { nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

    /// Every number in it, by its path: `totals.requests`.
    var numbers: [String: Double] {
        var found: [String: Double] = [:]
        collectNumbers(into: &found, path: "")
        return found
    }

    private func collectNumbers(into found: inout [String: Double], path: String) {
        switch self {
        case .number(let value): found[path] = value
        case .object(let members):
            for (name, member) in members {
                member.collectNumbers(into: &found, path: path.isEmpty ? name : "\(path).\(name)")
            }
        case .array(let values):
            for (index, value) in values.enumerated() { value.collectNumbers(into: &found, path: "\(path)[\(index)]") }
        case .null, .bool, .string: break
        }
    }
}

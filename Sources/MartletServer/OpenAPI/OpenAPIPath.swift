/// A route's pattern as a path template.
struct OpenAPIPath {
    private enum Part {
        case literal(String)
        case parameter(String, RouteParameterType)
        case rest(String)
    }

    private let parts: [Part]

    init(_ pattern: RoutePattern) {
        let names = Set(pattern.parameterNames)
        var unnamed = 0
        parts = pattern.segments.map { segment in
            switch segment {
            case .literal(let text): return .literal(text)
            case .parameter(let name, let type): return .parameter(name, type)
            case .rest(let name): return .rest(name)
            case .wildcard:
                var name: String
                repeat {
                    unnamed += 1
                    name = unnamed == 1 ? "segment" : "segment\(unnamed)"
                } while names.contains(name)
                return .parameter(name, .text)
            }
        }
    }

    private init(parts: [Part]) {
        self.parts = parts
    }

    /// `/todos/{id}`
    var template: String { text { "{\($0)}" } }

    /// The template without names: of two that are the same, the format allows only one (OpenAPI 3.1 §4.8.8.2).
    var shape: String { text { _ in "{}" } }

    private func text(_ name: (String) -> String) -> String {
        parts.map { part in
            switch part {
            case .literal(let text): "/" + Self.escaped(text)
            case .parameter(let parameter, _), .rest(let parameter): "/" + name(parameter)
            }
        }.joined()
    }

    /// This path, of the same shape as `other`, with the names of that one.
    func named(like other: OpenAPIPath) -> OpenAPIPath {
        OpenAPIPath(
            parts: zip(parts, other.parts).map { own, other in
                switch (own, other) {
                case (.parameter(_, let type), .parameter(let name, _)), (.parameter(_, let type), .rest(let name)):
                    .parameter(name, type)
                case (.rest, .parameter(let name, _)), (.rest, .rest(let name)): .rest(name)
                default: own
                }
            })
    }

    /// The parameter objects.
    var parameters: [SchemaValue] {
        parts.compactMap { part in
            switch part {
            case .literal: return nil
            case .parameter(let name, let type): return Self.parameter(name, Self.schema(type))
            case .rest(let name):
                return Self.parameter(
                    name, Schema(.string), description: "The rest of the path: may be empty, and may hold slashes")
            }
        }
    }

    private static func parameter(_ name: String, _ schema: Schema, description: String? = nil) -> SchemaValue {
        var members: [String: SchemaValue] = [
            "name": .string(name), "in": "path", "required": true, "schema": schema.value,
        ]
        members["description"] = description.map { .string($0) }
        return .object(members)
    }

    private static func schema(_ type: RouteParameterType) -> Schema {
        switch type {
        case .text: Schema(.string)
        case .integer: Schema(.integer, format: "int64")
        case .number: Schema(.number)
        case .uuid: Schema(.string, format: "uuid")
        }
    }

    /// `getTodosById`
    func operationID(_ method: String) -> String {
        method
            + parts.map { part in
                switch part {
                case .literal(let text): Self.capitalized(text)
                case .parameter(let name, _), .rest(let name): "By" + Self.capitalized(name)
                }
            }.joined()
    }

    private static func capitalized(_ text: String) -> String {
        text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// `literal` with an escape for each byte that a path cannot show (RFC 3986 §3.3).
    private static func escaped(_ literal: String) -> String {
        var text = ""
        for byte in literal.utf8 {
            let isLetterOrDigit = (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
            if isLetterOrDigit || "-._~!$&'()*+,;=:@".utf8.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}

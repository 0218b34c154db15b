import FoundationEssentials
import Testing

@testable import MartletServer

@Suite("Schemas of types")
struct SchemaTests {
    /// The schema of a type, and all components, as JSON.
    private func describe(_ type: Any.Type) -> (schema: String, components: [String: String]) {
        let registry = SchemaRegistry()
        let schema = registry.schema(of: type).json
        return (schema, registry.components.mapValues(\.json))
    }

    @Test(
        "known types have the schema that JSON gives them",
        arguments: [
            (Bool.self, #"{"type":"boolean"}"#), (String.self, #"{"type":"string"}"#),
            (Int.self, #"{"format":"int64","type":"integer"}"#), (Int32.self, #"{"format":"int32","type":"integer"}"#),
            (UInt8.self, #"{"maximum":255,"minimum":0,"type":"integer"}"#),
            (Double.self, #"{"format":"double","type":"number"}"#), (Decimal.self, #"{"type":"number"}"#),
            (Date.self, #"{"format":"date-time","type":"string"}"#), (UUID.self, #"{"format":"uuid","type":"string"}"#),
            (URL.self, #"{"format":"uri","type":"string"}"#),
            (Data.self, #"{"contentEncoding":"base64","type":"string"}"#),
            ([String].self, #"{"items":{"type":"string"},"type":"array"}"#),
            (Set<String>.self, #"{"items":{"type":"string"},"type":"array","uniqueItems":true}"#),
            ([String: Bool].self, #"{"additionalProperties":{"type":"boolean"},"type":"object"}"#),
            (Bool?.self, #"{"type":["boolean","null"]}"#), (OnlyEncodable.self, "{}"), (Refusing.self, "{}"),
            (Wrapped.self, #"{"type":"string"}"#), (Unlisted.self, #"{"type":"string"}"#),
            (Percentage.self, #"{"maximum":100,"minimum":0,"type":"integer"}"#),
        ] as [(Any.Type, String)])
    func known(_ type: Any.Type, _ expected: String) {
        #expect(describe(type).schema == expected)
    }

    @Test("a struct is a component whose optional properties are not required")
    func object() {
        let (schema, components) = describe(Item.self)
        #expect(schema == ##"{"$ref":"#/components/schemas/Item"}"##)
        #expect(
            components["Item"]
                == ##"{"properties":{"colour":{"$ref":"#/components/schemas/Colour"},"##
                + ##""due":{"format":"date-time","type":"string"},"name":{"type":"string"},"##
                + ##""tags":{"items":{"type":"string"},"type":"array"}},"required":["colour","name","tags"],"type":"object"}"##
        )
        #expect(components["Colour"] == #"{"enum":["red","green"],"type":"string"}"#)
    }

    @Test("a recursive type refers to itself")
    func recursive() {
        let (_, components) = describe(Tree.self)
        #expect(
            components["Tree"]
                == ##"{"properties":{"children":{"items":{"$ref":"#/components/schemas/Tree"},"type":"array"},"##
                + ##""parent":{"$ref":"#/components/schemas/Tree"}},"required":["children"],"type":"object"}"##)
    }

    @Test("a type that refuses what it is given is described as far as it was read")
    func partial() {
        let (_, components) = describe(Range.self)
        #expect(
            components["Range"]
                == ##"{"properties":{"end":{"format":"int64","type":"integer"},"start":{"format":"int64","type":"integer"}},"##
                + ##""required":["end","start"],"type":"object"}"##)
    }

    @Test("a generic type that holds larger ones of itself comes to an end")
    func expanding() {
        #expect(describe(Expanding<Int>.self).components.count == 64)
    }

    @Test("types of one name in different places have names of their own, and characters that names allow")
    func names() {
        let registry = SchemaRegistry(reserving: ["Problem"])
        #expect(registry.schema(of: First.Entry.self).reference == "Entry")
        #expect(registry.schema(of: Second.Entry.self).reference?.hasSuffix(".Second.Entry") == true)
        #expect(registry.schema(of: Page<Item>.self).reference == "Page_Item")
        #expect(registry.schema(of: Problem.self).reference?.hasSuffix(".Problem") == true)
    }

    @Test("containers within containers, and what is looked for first, are noted")
    func nested() {
        let (schema, components) = describe(Custom.self)
        #expect(schema == ##"{"$ref":"#/components/schemas/Custom"}"##)
        #expect(
            components["Custom"]
                == ##"{"properties":{"inner":{"properties":{"x":{"format":"int64","type":"integer"}},"##
                + ##""required":["x"],"type":"object"},"list":{"items":{"type":"string"},"type":"array"},"##
                + ##""maybe":{"type":"boolean"}},"required":["inner","list"],"type":"object"}"##)
    }

    private nonisolated struct OnlyEncodable: Encodable { var a = 1 }

    private nonisolated struct Refusing: Decodable {
        init(from decoder: any Decoder) throws { throw NoSample() }
    }

    private nonisolated struct Wrapped: Decodable {
        init(from decoder: any Decoder) throws { _ = try decoder.singleValueContainer().decode(String.self) }
    }

    private nonisolated enum Unlisted: String, Decodable { case a, b }

    private nonisolated struct Percentage: Codable, SchemaProviding {
        static var schema: Schema {
            var schema = Schema(.integer)
            (schema.minimum, schema.maximum) = (0, 100)
            return schema
        }
    }

    private nonisolated enum Colour: String, Codable, CaseIterable { case red, green }

    private nonisolated struct Item: Codable {
        var name: String
        var due: Date?
        var colour: Colour
        var tags: [String]
    }

    private nonisolated final class Tree: Codable {
        var children: [Tree] = []
        var parent: Tree?
        deinit {}
    }

    private nonisolated struct Expanding<Value>: Decodable {
        init(from decoder: any Decoder) throws {
            _ = try decoder.container(keyedBy: Key.self).decodeIfPresent(Expanding<[Value]>.self, forKey: .next)
        }
        enum Key: CodingKey { case next }
    }

    private nonisolated struct Range: Decodable {
        var start: Int
        var end: Int
        enum Key: CodingKey { case start, end }
        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            start = try values.decode(Int.self, forKey: .start)
            end = try values.decode(Int.self, forKey: .end)
            guard start < end else { throw NoSample() }
        }
    }

    private nonisolated enum First { struct Entry: Codable { var a: Int } }
    private nonisolated enum Second { struct Entry: Codable { var a: Int } }
    private nonisolated struct Problem: Codable { var a: Int }
    private nonisolated struct Page<Value: Codable>: Codable { var items: [Value] }

    private nonisolated struct Custom: Decodable {
        enum Key: CodingKey { case inner, list, maybe, x }
        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            _ = try values.nestedContainer(keyedBy: Key.self, forKey: .inner).decode(Int.self, forKey: .x)
            var list = try values.nestedUnkeyedContainer(forKey: .list)
            while !list.isAtEnd { _ = try list.decode(String.self) }
            guard values.contains(.maybe), try !values.decodeNil(forKey: .maybe) else { return }
            _ = try values.decode(Bool.self, forKey: .maybe)
        }
    }
}

extension Schema {
    nonisolated fileprivate var json: String { value.json }
}

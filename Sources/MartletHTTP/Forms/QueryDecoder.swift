/// Decodes a `Decodable` type from the parameters of a query or a form.
///
///     struct Search: Decodable {
///         var q: String
///         var page: Int?
///         var tag: [String]?
///     }
///     let search = try QueryDecoder().decode(Search.self, from: parameters)
///
/// - A property that is an array takes all parameters of its name, any other exactly one: a repeated one is refused
///   rather than guessed.
/// - `Bool` is `true`, `1` or `on` (what a ticked box sends), or `false`, `0` or `off`.
/// - Numbers have no blanks around them; floating-point numbers are finite.
/// - A missing parameter is nil of an optional property. An empty one is not: it is an empty string, and no number.
/// - A query is flat: types within types, and arrays within arrays, are refused.
public struct QueryDecoder: Sendable {
    /// What `Decodable` types find in `Decoder.userInfo`.
    public var userInfo: [CodingUserInfoKey: any Sendable]

    /// A decoder.
    public init(userInfo: [CodingUserInfoKey: any Sendable] = [:]) {
        self.userInfo = userInfo
    }

    /// A `T` from `parameters`.
    ///
    /// - Throws: `DecodingError`, whose coding path names the parameter, and whatever `T` throws.
    public func decode<T: Decodable>(_ type: T.Type, from parameters: QueryParameters) throws -> T {
        var values: [String: [String]] = [:]
        for parameter in parameters { values[parameter.name, default: []].append(parameter.value) }
        return try T(from: ParametersDecoder(values: values, userInfo: userInfo))
    }
}

/// The decoder of the type as a whole: it has names, nothing else.
private struct ParametersDecoder: Decoder {
    let values: [String: [String]]
    let userInfo: [CodingUserInfoKey: Any]

    var codingPath: [any CodingKey] { [] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(ParametersContainer(values: values, userInfo: userInfo))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw DecodingError.typeMismatch(
            [String].self, .init(codingPath: [], debugDescription: "parameters have names; they are not a list"))
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        throw DecodingError.typeMismatch(
            String.self, .init(codingPath: [], debugDescription: "parameters have names; they are not one value"))
    }
}

private struct ParametersContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let values: [String: [String]]
    let userInfo: [CodingUserInfoKey: Any]

    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { values.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { values[key.stringValue] != nil }

    func decodeNil(forKey key: Key) -> Bool { !contains(key) }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try T(from: parameter(key))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try parameter(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try parameter(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        throw DecodingError.dataCorrupted(
            .init(codingPath: [], debugDescription: "parameters are flat; a superclass has no container of its own"))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try parameter(key) }

    private func parameter(_ key: Key) throws -> ParameterDecoder {
        guard let found = values[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: [], debugDescription: "parameter \"\(key.stringValue)\" is missing"))
        }
        return ParameterDecoder(values: found[...], codingPath: [key], userInfo: userInfo)
    }
}

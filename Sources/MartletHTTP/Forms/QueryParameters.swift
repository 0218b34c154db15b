/// One decoded `name=value` of a query or of a form.
public struct QueryParameter: Hashable, Sendable {
    /// The name; may be empty.
    public var name: String
    /// The value; empty as well when there was no `=`.
    public var value: String

    /// A parameter, as text that is not escaped.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// The decoded parameters of a query, or the fields of a form, in the order they were sent.
///
///     let parameters = try QueryParameters(decoding: "page=2&tag=a&tag=b".utf8.span)
///     parameters["tag"]                             // "a"
///     parameters.all("tag")                         // ["a", "b"]
///     try parameters.value("page", as: Int.self)    // 2
///
/// Look-ups go through the list. What reads many names of a long list decodes a type with ``QueryDecoder``, which
/// builds an index.
public struct QueryParameters: Hashable, Sendable {
    private var items: [QueryParameter]

    /// The given parameters, in that order.
    public init(_ parameters: some Sequence<QueryParameter> = []) {
        items = Array(parameters)
    }

    /// The value of the first parameter of that name, nil when there is none. Names are case-sensitive.
    public subscript(name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    /// The values of all parameters of that name, in the order they were sent.
    public func all(_ name: String) -> [String] {
        items.compactMap { $0.name == name ? $0.value : nil }
    }

    /// Appends a parameter.
    public mutating func append(name: String, value: String) {
        items.append(QueryParameter(name: name, value: value))
    }

    /// The first value of that name as a `T`.
    ///
    /// - Throws: 400 when there is none, or when its text is no `T`; the message names the parameter.
    public func value<T: LosslessStringConvertible>(
        _ name: String, as type: T.Type = T.self
    ) throws(HTTP1Error) -> T {
        guard let value = try valueIfPresent(name, as: type) else {
            throw HTTP1Error(.parameter, "parameter \"\(name)\" is missing")
        }
        return value
    }

    /// The first value of that name as a `T`, nil when there is none.
    ///
    /// - Throws: 400 when its text is no `T`, also when it is empty; the message names the parameter.
    public func valueIfPresent<T: LosslessStringConvertible>(
        _ name: String, as type: T.Type = T.self
    ) throws(HTTP1Error) -> T? {
        guard let text = self[name] else { return nil }
        guard let value = T(text) else {
            throw HTTP1Error(.parameter, "parameter \"\(name)\" is not of type \(type)")
        }
        return value
    }
}

extension QueryParameters: RandomAccessCollection {
    /// 0.
    public var startIndex: Int { 0 }
    /// The number of parameters.
    public var endIndex: Int { items.count }
    /// The parameter that was sent at that place.
    public subscript(position: Int) -> QueryParameter { items[position] }
}

extension QueryParameters: ExpressibleByDictionaryLiteral {
    /// Parameters in the order of the literal, which may repeat names.
    public init(dictionaryLiteral elements: (String, String)...) {
        items = elements.map { QueryParameter(name: $0.0, value: $0.1) }
    }
}

extension HTTP1Error.Code {
    /// A parameter of a query or a field of a form is malformed, missing or not of the type asked for.
    public static let parameter = HTTP1Error.Code(rawValue: "parameter")
}

/// What values of a type look like as JSON: the part of JSON Schema (draft 2020-12) that OpenAPI documents of ordinary
/// types need. One that says nothing allows everything.
///
/// ```swift
/// var percentage = Schema(.integer)
/// (percentage.minimum, percentage.maximum) = (0, 100)
/// ```
public nonisolated struct Schema: Hashable, Sendable {
    /// The types of JSON.
    public nonisolated enum Kind: String, Sendable {
        /// Values by name.
        case object
        /// Values in order.
        case array
        /// A text.
        case string
        /// A number without fraction.
        case integer
        /// A number.
        case number
        /// `true` or `false`.
        case boolean
    }

    /// The type; `nil`: any.
    public var type: Kind?
    /// Whether `null` is allowed besides.
    public var isNullable = false
    /// More about the type: `date-time`, `uuid`, `int32`.
    public var format: String?
    /// How bytes are made text: `base64`.
    public var contentEncoding: String?
    /// What it is, in CommonMark.
    public var description: String?
    /// The members of an object.
    public var properties: [String: Schema] = [:]
    /// The names of the members that have to be there.
    public var required: [String] = []
    /// Whether no element of an array comes twice.
    public var hasUniqueItems = false
    /// The values that are allowed; `nil`: all.
    public var allowedValues: [SchemaValue]?
    /// The name of a schema among the document's components, in place of this one.
    public var reference: String?
    /// The least number.
    public var minimum: Double?
    /// The greatest number.
    public var maximum: Double?
    /// The least number of characters.
    public var minLength: Int?
    /// The greatest number of characters.
    public var maxLength: Int?
    /// A regular expression (ECMA-262) that a text matches.
    public var pattern: String?
    /// A value that is allowed.
    public var example: SchemaValue?

    // A value cannot hold one of its own type but in an array: these hold one at most.
    private var itemsSchema: [Schema] = []
    private var additionalSchema: [Schema] = []

    /// The elements of an array.
    public var items: Schema? {
        get { itemsSchema.first }
        set { itemsSchema = newValue.map { [$0] } ?? [] }
    }

    /// The members of an object that are not among its properties.
    public var additionalProperties: Schema? {
        get { additionalSchema.first }
        set { additionalSchema = newValue.map { [$0] } ?? [] }
    }

    /// A schema of a type; without one, a schema that allows everything.
    public init(_ type: Kind? = nil, format: String? = nil) {
        self.type = type
        self.format = format
    }

    /// A schema of objects.
    public static func object(_ properties: [String: Schema], required: [String] = []) -> Schema {
        var schema = Schema(.object)
        schema.properties = properties
        schema.required = required
        return schema
    }

    /// A schema of arrays.
    public static func array(of items: Schema) -> Schema {
        var schema = Schema(.array)
        schema.items = items
        return schema
    }

    /// A schema that is among the document's components.
    static func reference(to name: String) -> Schema {
        var schema = Schema()
        schema.reference = name
        return schema
    }

    /// This schema, or `null`.
    var nullable: Schema {
        var schema = self
        schema.isNullable = true
        return schema
    }
}

nonisolated extension Schema {
    /// The schema as it stands in a document.
    var value: SchemaValue {
        if let reference {
            let target: SchemaValue = .object(["$ref": .string("#/components/schemas/\(reference)")])
            return isNullable ? ["anyOf": [target, ["type": "null"]]] : target
        }
        var members: [String: SchemaValue] = [:]
        if let type {
            members["type"] = isNullable ? [.string(type.rawValue), "null"] : .string(type.rawValue)
        }
        members["format"] = format.map { .string($0) }
        members["contentEncoding"] = contentEncoding.map { .string($0) }
        members["description"] = description.map { .string($0) }
        if !properties.isEmpty { members["properties"] = .object(properties.mapValues(\.value)) }
        if !required.isEmpty { members["required"] = .array(required.sorted().map { .string($0) }) }
        if hasUniqueItems { members["uniqueItems"] = true }
        if let allowedValues { members["enum"] = .array(allowedValues + (isNullable ? [.null] : [])) }
        members["items"] = items?.value
        members["additionalProperties"] = additionalProperties?.value
        members["minimum"] = minimum.map { .number($0) }
        members["maximum"] = maximum.map { .number($0) }
        members["minLength"] = minLength.map { .integer(Int64($0)) }
        members["maxLength"] = maxLength.map { .integer(Int64($0)) }
        members["pattern"] = pattern.map { .string($0) }
        if let example { members["examples"] = [example] }
        return .object(members)
    }
}

/// A type that says itself what its values look like as JSON: one whose own decoding or encoding cannot tell.
///
/// ```swift
/// extension Percentage: SchemaProviding {
///     static var schema: Schema { … }
/// }
/// ```
public nonisolated protocol SchemaProviding {
    /// What values of the type look like.
    static var schema: Schema { get }
}

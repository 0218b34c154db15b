/// A media type with its parameters, RFC 9110 §8.3.1: `text/html; charset=utf-8`.
public struct MediaType: Hashable, Sendable {
    /// What is before the slash, in lower case.
    public let type: String
    /// What is behind it, in lower case.
    public let subtype: String
    /// The parameters, in order; names are in lower case.
    public let parameters: [FieldParameter]

    /// A type of these parts; nil when one of the first two is not a token.
    public init?(type: String, subtype: String, parameters: [FieldParameter] = []) {
        guard type.isToken, subtype.isToken else { return nil }
        self.init(known: type.lowercased(), subtype.lowercased(), parameters)
    }

    /// Reads a type as Content-Type has it; nil when it is malformed or has more than 16 parameters.
    public init?(_ text: String) {
        var reader = FieldReader(text[...].trimmed)
        guard let type = reader.token(), reader.skip(ASCII.slash), let subtype = reader.token(),
            let parameters = reader.parameters()
        else { return nil }
        self.init(known: type.lowercased(), subtype.lowercased(), parameters)
    }

    private init(known type: String, _ subtype: String, _ parameters: [FieldParameter] = []) {
        self.type = type
        self.subtype = subtype
        self.parameters = parameters
    }

    /// Type and subtype, without the parameters.
    public var essence: String { "\(type)/\(subtype)" }

    /// The value of the first parameter called `name`, which is compared without case; nil when there is none.
    public subscript(name: String) -> String? {
        parameters.first { $0.name.equals(ignoringCase: name) }?.value
    }

    /// Whether both are the same but for their parameters.
    public func hasEssence(of other: MediaType) -> Bool {
        type == other.type && subtype == other.subtype
    }
}

extension MediaType: CustomStringConvertible {
    /// The field value.
    public var description: String {
        parameters.reduce(essence) { $0 + "; \($1)" }
    }
}

extension MediaType {
    /// `text/html`
    public static let html = MediaType(known: "text", "html")
    /// `text/plain`
    public static let plainText = MediaType(known: "text", "plain")
    /// `text/event-stream`
    public static let eventStream = MediaType(known: "text", "event-stream")
    /// `application/json`
    public static let json = MediaType(known: "application", "json")
    /// `application/problem+json`, RFC 9457
    public static let problemJSON = MediaType(known: "application", "problem+json")
    /// `application/octet-stream`
    public static let octetStream = MediaType(known: "application", "octet-stream")
    /// `application/x-www-form-urlencoded`
    public static let urlEncodedForm = MediaType(known: "application", "x-www-form-urlencoded")
    /// `multipart/form-data`; its `boundary` is a parameter.
    public static let multipartForm = MediaType(known: "multipart", "form-data")
}

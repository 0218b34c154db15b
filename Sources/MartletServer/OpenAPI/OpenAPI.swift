import MartletHTTP

/// Documents that describe an application's routes, by OpenAPI 3.1.
public enum OpenAPI {
    /// Where the application is reached.
    public nonisolated struct Server: Hashable, Sendable {
        /// An absolute URL, or one that is relative to that of the document.
        public var url: String
        /// What it is for.
        public var description: String?

        /// A server.
        public init(url: String, description: String? = nil) {
            self.url = url
            self.description = description
        }
    }

    /// How a client shows that it may do something.
    public nonisolated enum SecurityScheme: Hashable, Sendable {
        /// A name and a password (RFC 7617).
        case basic
        /// A token (RFC 6750), perhaps of a format such as `JWT`.
        case bearer(format: String? = nil)
        /// A secret in a field of the request.
        case apiKey(field: String)
        /// A secret in a cookie.
        case cookie(name: String)

        var value: SchemaValue {
            switch self {
            case .basic: ["type": "http", "scheme": "basic"]
            case .bearer(nil): ["type": "http", "scheme": "bearer"]
            case .bearer(let format?): ["type": "http", "scheme": "bearer", "bearerFormat": .string(format)]
            case .apiKey(let field): ["type": "apiKey", "in": "header", "name": .string(field)]
            case .cookie(let name): ["type": "apiKey", "in": "cookie", "name": .string(name)]
            }
        }
    }

    /// The document of a router's routes, but for hidden ones, as JSON. Equal routers give equal bytes.
    ///
    /// Types are described by what their `init(from:)` asks for, or what they say as ``SchemaProviding``. One that
    /// refuses made-up values is described as far as it was read, and one of which nothing is known as anything. What
    /// only matters to this router is left out of paths: `{id:int}` becomes `{id}` with a schema; `*` a parameter
    /// `segment`, and `{rest...}` one of which a note says that it takes slashes. Paths that then look the same are one,
    /// with the names of the first; of two such routes for one method, as of two that differ in their hosts only, the
    /// first is described.
    ///
    /// - Parameters:
    ///   - router: the routes.
    ///   - title: the application's name.
    ///   - version: the version of the application's interface.
    ///   - description: what the application is for, in CommonMark.
    ///   - servers: where it is reached; none: where the document was found.
    ///   - securitySchemes: what the names that routes are secured by mean. A name that is not among them is left out.
    /// - Returns: the document.
    public static func document(
        of router: Router, title: String, version: String, description: String? = nil, servers: [Server] = [],
        securitySchemes: [String: SecurityScheme] = ["basic": .basic, "bearer": .bearer()]
    ) -> [UInt8] {
        var builder = OpenAPIBuilder(securitySchemes: securitySchemes)
        for route in router.routes where !route.documentation.isHidden { builder.add(route) }
        var info: [String: SchemaValue] = ["title": .string(title), "version": .string(version)]
        info["description"] = description.map { .string($0) }
        var document = builder.document
        document["openapi"] = "3.1.0"
        document["info"] = .object(info)
        if !servers.isEmpty {
            document["servers"] = .array(
                servers.map { server in
                    var members: [String: SchemaValue] = ["url": .string(server.url)]
                    members["description"] = server.description.map { .string($0) }
                    return .object(members)
                })
        }
        var json = ByteBuffer()
        SchemaValue.object(document).append(to: &json)
        json.append("\n")
        return Array(json.readableBytes)
    }
}

extension Router {
    /// Answers GET at `path` with the document of this router's routes, which is made once, when it is first asked for.
    /// The route itself is hidden. See ``OpenAPI/document(of:title:version:description:servers:securitySchemes:)``.
    @discardableResult
    public func serveOpenAPI(
        at path: String = "/openapi.json", title: String, version: String, description: String? = nil,
        servers: [OpenAPI.Server] = [],
        securitySchemes: [String: OpenAPI.SecurityScheme] = ["basic": .basic, "bearer": .bearer()]
    ) -> Route {
        var made: Response?
        // The router holds the route: it lives as long as there is anybody to ask.
        return get(path) { [unowned self] _ in
            if let made { return made }
            let bytes = OpenAPI.document(
                of: self, title: title, version: version, description: description, servers: servers,
                securitySchemes: securitySchemes)
            let response = Response(bytes: bytes, contentType: "application/json")
            made = response
            return response
        }.hidden()
    }
}

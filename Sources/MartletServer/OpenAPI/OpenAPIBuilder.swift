import HTTPTypes

/// Gathers routes into the parts of a document.
struct OpenAPIBuilder {
    private let securitySchemes: [String: OpenAPI.SecurityScheme]
    private let registry = SchemaRegistry(reserving: [problemName])
    private var paths: [String: [String: SchemaValue]] = [:]
    /// The path that was first of its shape: others of that shape have its names.
    private var templates: [String: OpenAPIPath] = [:]
    private var operationIDs: Set<String> = []
    private var tags: [String] = []
    private var usedSchemes: Set<String> = []
    private var usesProblem = false

    /// The methods that the format knows (OpenAPI 3.1 §4.8.9).
    private static let methods: Set<String> = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    init(securitySchemes: [String: OpenAPI.SecurityScheme]) {
        self.securitySchemes = securitySchemes
    }

    /// The members of the document that come from routes.
    var document: [String: SchemaValue] {
        var components: [String: SchemaValue] = [:]
        if !registry.components.isEmpty { components["schemas"] = .object(registry.components.mapValues(\.value)) }
        let schemes = securitySchemes.filter { usedSchemes.contains($0.key) }
        if !schemes.isEmpty { components["securitySchemes"] = .object(schemes.mapValues(\.value)) }
        var document: [String: SchemaValue] = ["paths": .object(paths.mapValues { .object($0) })]
        if !components.isEmpty { document["components"] = .object(components) }
        if !tags.isEmpty { document["tags"] = .array(tags.map { ["name": .string($0)] }) }
        return document
    }

    mutating func add(_ route: Route) {
        let method = route.method.rawValue.lowercased()
        guard Self.methods.contains(method) else { return }
        let own = OpenAPIPath(route.pattern)
        let path = templates[own.shape].map { own.named(like: $0) } ?? own
        if templates[own.shape] == nil { templates[own.shape] = path }
        guard paths[path.template]?[method] == nil else { return }
        paths[path.template, default: [:]][method] = .object(operation(route, method, path))
    }

    private mutating func operation(_ route: Route, _ method: String, _ path: OpenAPIPath) -> [String: SchemaValue] {
        let documentation = route.documentation
        var operation: [String: SchemaValue] = [:]
        operation["summary"] = documentation.summary.map { .string($0) }
        operation["description"] = documentation.details.map { .string($0) }
        operation["operationId"] = .string(operationID(documentation.operationID ?? path.operationID(method)))
        if documentation.isDeprecated { operation["deprecated"] = true }
        if !documentation.tags.isEmpty {
            operation["tags"] = .array(documentation.tags.map { .string($0) })
            for tag in documentation.tags where !tags.contains(tag) { tags.append(tag) }
        }
        let parameters = path.parameters + queryParameters(documentation)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        operation["requestBody"] = requestBody(documentation)
        operation["responses"] = .object(responses(documentation))
        let security = documentation.security.filter { securitySchemes[$0] != nil }
        if !security.isEmpty {
            usedSchemes.formUnion(security)
            operation["security"] = .array(security.map { .object([$0: []]) })
        }
        operation["servers"] = route.host.map { [server(forHost: $0)] }
        return operation
    }

    private mutating func operationID(_ wanted: String) -> String {
        var name = wanted
        var number = 2
        while !operationIDs.insert(name).inserted {
            name = "\(wanted)\(number)"
            number += 1
        }
        return name
    }

    private func server(forHost host: String) -> SchemaValue {
        guard host.hasPrefix("*.") else { return ["url": .string("//\(host)")] }
        return [
            "url": .string("//{subdomain}.\(host.dropFirst(2))"), "variables": ["subdomain": ["default": "www"]],
        ]
    }

    private func queryParameters(_ documentation: RouteDocumentation) -> [SchemaValue] {
        guard let query = documentation.query else { return [] }
        return registry.properties(of: query).map { name, schema, isRequired in
            [
                "name": .string(name), "in": "query", "required": .boolean(isRequired), "schema": schema.value,
            ]
        }
    }

    private func requestBody(_ documentation: RouteDocumentation) -> SchemaValue? {
        guard let body = documentation.body else { return nil }
        return [
            "required": true,
            "content": .object([documentation.bodyContentType: ["schema": registry.schema(of: body).value]]),
        ]
    }

    // MARK: Responses

    private mutating func responses(_ documentation: RouteDocumentation) -> [String: SchemaValue] {
        var responses: [String: SchemaValue] = [:]
        for (code, meanings) in errors(documentation) {
            responses[String(code)] = [
                "description": .string(meanings.joined(separator: "; ")),
                "content": ["application/problem+json": ["schema": problem().value]],
            ]
        }
        let status = documentation.status
        var success: [String: SchemaValue] = ["description": .string(Self.phrase(status))]
        if status.code != 204, status.code != 205, status.code != 304 {
            success["content"] = successContent(documentation)
        }
        responses[String(status.code)] = .object(success)
        return responses
    }

    private func successContent(_ documentation: RouteDocumentation) -> SchemaValue? {
        if let type = documentation.answerContentType {
            return .object([type: ["schema": (type.hasPrefix("text/") ? Schema(.string) : Schema()).value]])
        }
        return documentation.answer.map { ["application/json": ["schema": registry.schema(of: $0).value]] }
    }

    /// What each status that is an error means: what is documented, and what decoding may answer with.
    private func errors(_ documentation: RouteDocumentation) -> [Int: [String]] {
        var errors: [Int: [String]] = [:]
        for (status, meaning) in documentation.errors { errors[status.code, default: []].append(meaning) }
        guard documentation.body != nil || documentation.query != nil else { return errors }
        let what = documentation.body == nil ? "query" : documentation.query == nil ? "body" : "body or the query"
        if errors[400] == nil { errors[400] = ["The \(what) is malformed"] }
        if errors[422] == nil { errors[422] = ["The \(what) does not fit"] }
        return errors
    }

    private static func phrase(_ status: HTTPResponse.Status) -> String {
        status.reasonPhrase.isEmpty ? "Status \(status.code)" : status.reasonPhrase
    }

    /// A reference to the schema of what ``Problem`` writes.
    private mutating func problem() -> Schema {
        if usesProblem { return .reference(to: Self.problemName) }
        usesProblem = true
        var type = Schema(.string, format: "uri-reference")
        type.description = "Names the kind of problem"
        var status = Schema(.integer)
        (status.minimum, status.maximum) = (400, 599)
        var errors = Schema.array(
            of: .object(["path": Schema(.string), "message": Schema(.string)], required: ["path", "message"]))
        errors.description = "What is wrong with single values"
        var problem = Schema.object(
            [
                "type": type, "title": Schema(.string), "status": status, "detail": Schema(.string), "errors": errors,
            ], required: ["type", "title", "status"])
        problem.description = "A problem (RFC 9457)"
        return registry.add(problem, named: Self.problemName)
    }

    private static let problemName = "Problem"
}

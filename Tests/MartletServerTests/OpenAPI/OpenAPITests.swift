import FoundationEssentials
import MartletHTTP
import Testing

@testable import MartletServer

extension SchemaValue {
    nonisolated var json: String {
        var bytes = ByteBuffer()
        append(to: &bytes)
        return String(decoding: bytes.readableBytes, as: UTF8.self)
    }
}

@Suite("OpenAPI documents")
struct OpenAPITests {
    private nonisolated struct Todo: Codable {
        var id: Int
        var title: String
    }

    private nonisolated struct NewTodo: Codable { var title: String }

    private nonisolated struct Paging: Codable {
        var page: Int?
        var filter: [String]
    }

    private func describe(_ routes: (Router) -> Void) -> [String: SchemaValue] {
        let router = Router()
        routes(router)
        var builder = OpenAPIBuilder(securitySchemes: ["bearer": .bearer(), "key": .apiKey(field: "X-Key")])
        for route in router.routes where !route.documentation.isHidden { builder.add(route) }
        return builder.document
    }

    @Test("an operation says what its route says")
    func operation() {
        let document = describe { router in
            router.put("/todos/{id:int}") { (_: Request, _: NewTodo) in Todo(id: 1, title: "") }
                .summary("Changes a todo").details("*All* of it").tags("todos").deprecated()
                .secured(by: "bearer", "unknown").fails(.notFound, "There is no such todo")
                .fails(.unprocessableContent, "It has no title")
        }
        let operation = document["paths"]?["/todos/{id}"]?["put"]
        #expect(operation?["summary"] == "Changes a todo")
        #expect(operation?["description"] == "*All* of it")
        #expect(operation?["operationId"] == "putTodosById")
        #expect(operation?["tags"] == ["todos"])
        #expect(operation?["deprecated"] == true)
        #expect(operation?["security"] == [["bearer": []]])
        #expect(
            operation?["parameters"] == [
                [
                    "in": "path", "name": "id", "required": true, "schema": ["type": "integer", "format": "int64"],
                ]
            ])
        #expect(
            operation?["requestBody"] == [
                "required": true,
                "content": ["application/json": ["schema": ["$ref": "#/components/schemas/NewTodo"]]],
            ])
        let responses = operation?["responses"]
        #expect(
            responses?["200"] == [
                "description": "OK",
                "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Todo"]]],
            ])
        let problem: SchemaValue = ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]]
        #expect(responses?["404"] == ["description": "There is no such todo", "content": problem])
        #expect(responses?["400"] == ["description": "The body is malformed", "content": problem])
        #expect(responses?["422"] == ["description": "It has no title", "content": problem])
        #expect(document["components"]?["securitySchemes"] == ["bearer": ["type": "http", "scheme": "bearer"]])
        #expect(document["components"]?["schemas"]?["Problem"]?["required"] == ["status", "title", "type"])
        #expect(document["tags"] == [["name": "todos"]])
    }

    @Test("the query's properties are parameters, required unless they are optional")
    func query() {
        let document = describe { $0.get("/todos") { _ in [Todo]() }.query(Paging.self) }
        #expect(
            document["paths"]?["/todos"]?["get"]?["parameters"] == [
                [
                    "name": "filter", "in": "query", "required": true,
                    "schema": ["type": "array", "items": ["type": "string"]],
                ],
                [
                    "name": "page", "in": "query", "required": false, "schema": ["type": "integer", "format": "int64"],
                ],
            ])
        #expect(document["paths"]?["/todos"]?["get"]?["responses"]?["400"]?["description"] == "The query is malformed")
    }

    @Test(
        "patterns become templates",
        arguments: [
            ("/", "/", []), ("/a%20b", "/a%20b", []), ("/files/{path...}", "/files/{path}", ["path"]),
            ("/{segment}/*", "/{segment}/{segment2}", ["segment", "segment2"]), ("/a/", "/a/", []),
            ("/{id:uuid}/%7B", "/{id}/%7B", ["id"]),
        ])
    func templates(_ pattern: String, _ template: String, _ names: [String]) throws {
        let path = OpenAPIPath(try RoutePattern(parsing: pattern))
        #expect(path.template == template)
        #expect(path.parameters.map { $0["name"] } == names.map { .string($0) })
    }

    @Test("paths that look the same are one, with the names of the first; hidden routes and odd methods are left out")
    func samePaths() throws {
        let document = describe { router in
            router.get("/{id:int}") { _ in "" }
            router.get("/{name}") { _ in "" }
            router.delete("/{name}") { _ in "" }
            router.get("/secret") { _ in "" }.hidden()
            _ = try? router.add(.init("PURGE")!, "/cache") { _ in "" }
        }
        #expect(document["paths"]?.names == ["/{id}"])
        #expect(document["paths"]?["/{id}"]?.names == ["delete", "get"])
        #expect(
            document["paths"]?["/{id}"]?["delete"]?["parameters"]
                == [["name": "id", "in": "path", "required": true, "schema": ["type": "string"]]])
    }

    @Test("operations have different names, also where routes name them the same")
    func operationIDs() {
        let document = describe { router in
            router.get("/a") { _ in "" }.operationID("x")
            router.get("/b") { _ in "" }.operationID("x")
        }
        #expect(document["paths"]?["/a"]?["get"]?["operationId"] == "x")
        #expect(document["paths"]?["/b"]?["get"]?["operationId"] == "x2")
    }

    @Test("texts, bytes and nothing are answered as what they are; a host is a server")
    func answers() {
        let document = describe { router in
            router.get("/text") { _ in "" }
            router.delete("/") { _ in Response(status: .noContent) }.answers(.noContent)
            router.host("*.example.org").get("/tenant") { _ in "" }
        }
        #expect(
            document["paths"]?["/text"]?["get"]?["responses"]?["200"]?["content"]
                == ["text/plain; charset=utf-8": ["schema": ["type": "string"]]])
        #expect(document["paths"]?["/"]?["delete"]?["responses"] == ["204": ["description": "No Content"]])
        #expect(
            document["paths"]?["/tenant"]?["get"]?["servers"] == [
                ["url": "//{subdomain}.example.org", "variables": ["subdomain": ["default": "www"]]]
            ])
    }

    @Test("the route answers the document of all routes, also of those that are added after it, but not itself")
    func serve() async throws {
        try await withServer { router in
            router.serveOpenAPI(title: "Todos", version: "1.2", description: "A list")
            router.get("/later") { _ in "" }
        } _: { server in
            let client = try server.connect()
            for _ in 0..<2 {
                try await client.send("GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer["Content-Type"] == "application/json")
                let document = try JSONDecoder().decode(Document.self, from: Data(answer.body))
                #expect(document.openapi == "3.1.0")
                #expect(document.info == ["title": "Todos", "version": "1.2", "description": "A list"])
                #expect(Array(document.paths.keys) == ["/later"])
            }
        }
    }

    private nonisolated struct Document: Decodable {
        var openapi: String
        var info: [String: String]
        var paths: [String: Path]
        struct Path: Decodable {}
    }
}

extension SchemaValue {
    fileprivate subscript(name: String) -> SchemaValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    fileprivate var names: [String]? {
        if case .object(let members) = self { members.keys.sorted() } else { nil }
    }
}

import Glibc
import MartletTesting
import Testing

@testable import todo

@Suite("Todos")
struct TodoTests {
    /// Runs the application with a client that knows the token.
    private func withTodos(_ mode: TestMode, _ body: (TestClient) async throws -> Void) async throws {
        setenv("TODO_TOKEN", "secret", 1)
        try await withTestServer(TodoApp.self, mode) { client in
            client.fields[.authorization] = "Bearer secret"
            try await body(client)
        }
    }

    @Test("a todo is added, shown, changed and removed", arguments: TestMode.allCases)
    func life(_ mode: TestMode) async throws {
        try await withTodos(mode) { client in
            let added = try await client.post("/todos", .json(TodoDraft(title: " milk")))
            #expect(added.status == .created)
            #expect(added[.location] == "/todos/1")
            #expect(try added.json(Todo.self) == Todo(id: 1, title: "milk", isDone: false, version: 1))
            let changed = try await client.put("/todos/1", .json(TodoDraft(title: "bread", isDone: true)))
            #expect(try changed.json(Todo.self).version == 2)
            #expect(try await client.get("/todos/1").json(Todo.self).title == "bread")
            #expect(try await client.delete("/todos/1").status == .noContent)
            #expect(try await client.get("/todos/1").status == .notFound)
        }
    }

    @Test("what is not valid is refused, and said where", arguments: TestMode.allCases)
    func validation(_ mode: TestMode) async throws {
        try await withTodos(mode) { client in
            let refused = try await client.post("/todos", .json(TodoDraft(title: " ")))
            #expect(refused.status == .unprocessableContent)
            #expect(refused.text.contains(#""path":"title""#))
            #expect(try await client.post("/todos", .json(["titel": "milk"])).status == .unprocessableContent)
            #expect(try await client.post("/todos", .text("{", contentType: "application/json")).status == .badRequest)
            #expect(try await client.get("/todos?size=1000").status == .unprocessableContent)
            #expect(try await client.get("/todos?page=many").status == .unprocessableContent)
        }
    }

    @Test("only those with the token get in", arguments: TestMode.allCases)
    func authentication(_ mode: TestMode) async throws {
        try await withTodos(mode) { client in
            client.fields[.authorization] = nil
            let response = try await client.get("/todos")
            #expect(response.status == .unauthorized)
            #expect(response[.wwwAuthenticate] == #"Bearer realm="todos""#)
            #expect(try await client.get("/todos", fields: [.authorization: "Bearer x"]).status == .unauthorized)
            #expect(try await client.get("/").status == .ok)
        }
    }

    @Test("pages follow each other", arguments: TestMode.allCases)
    func pages(_ mode: TestMode) async throws {
        try await withTodos(mode) { client in
            for number in 1...5 {
                _ = try await client.post("/todos", .json(TodoDraft(title: "\(number)", isDone: number == 2)))
            }
            let page = try await client.get("/todos?page=2&size=2").json(TodoPage.self)
            #expect(page.items.map(\.title) == ["3", "4"])
            #expect(page.total == 5)
            #expect(try await client.get("/todos?done=true").json(TodoPage.self).items.map(\.title) == ["2"])
        }
    }

    @Test("a change that was made meanwhile is not undone", arguments: TestMode.allCases)
    func conditions(_ mode: TestMode) async throws {
        try await withTodos(mode) { client in
            let added = try await client.post("/todos", .json(TodoDraft(title: "milk")))
            let tag = try #require(added[.eTag])
            #expect(try await client.get("/todos/1", fields: [.ifNoneMatch: tag]).status == .notModified)
            let bread = try TestBody.json(TodoDraft(title: "bread"))
            #expect(try await client.put("/todos/1", bread, fields: [.ifMatch: tag]).status == .ok)
            #expect(try await client.put("/todos/1", bread, fields: [.ifMatch: tag]).status == .preconditionFailed)
        }
    }

    @Test("the API is described", arguments: TestMode.allCases)
    func description(_ mode: TestMode) async throws {
        try await withTodos(mode) { client in
            let document = try await client.get("/openapi.json")
            #expect(document[.contentType] == "application/json")
            #expect(document.text.contains(#""/todos/{id}":{"delete":"#))
        }
    }
}

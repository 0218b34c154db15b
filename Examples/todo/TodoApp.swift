import Glibc
import Martlet

/// A JSON API for a list of things to do, described at `/openapi.json`, with a page at `/`.
///
/// The list is kept in the worker, so there has to be one: `TODO_TOKEN=secret todo run --workers 1`. With more, each
/// would have a list of its own; what workers share belongs into a database.
@main
struct TodoApp: Application {
    static func start(_ worker: Worker) async throws {
        worker.provide(TodoList())
    }

    static func routes(_ router: Router) {
        router.get("/") { _ in Response.html(page) }.hidden()
        router.serveOpenAPI(title: "Todos", version: "1.0.0", description: "Things to do.")
        let todos = router.group("/todos")
        todos.use(
            BearerAuthentication(realm: "todos", as: AuthenticatedUser.self) { token in
                // Without a secret nobody gets in, rather than everybody.
                guard let secret = getenv("TODO_TOKEN").map({ String(cString: $0) }), !secret.isEmpty else {
                    return nil
                }
                return token.matches(secret) ? "owner" : nil
            })
        addReading(to: todos)
        addWriting(to: todos)
    }

    private static func addReading(to todos: RouteGroup) {
        todos.get("/") { request in
            let query = try request.query(as: TodoQuery.self)
            return try request.worker[TodoList.self].page(query)
        }
        .described("Lists todos").query(TodoQuery.self)

        todos.get("/{id:int}") { request in
            let todo = try request.worker[TodoList.self].find(request.parameters.value("id"))
            if let notModified = try request.conditional(tag: todo.tag) { return notModified }
            return try answer(todo)
        }
        .described("Shows a todo").answers(Todo.self).fails(.notFound, "There is no such todo")
    }

    private static func addWriting(to todos: RouteGroup) {
        todos.post("/") { (request: Request, draft: TodoDraft) in
            let todo = request.worker[TodoList.self].add(try draft.validated())
            var response = try answer(todo, status: .created)
            response.fields[.location] = "/todos/\(todo.id)"
            return response
        }
        .described("Adds a todo").answers(Todo.self, status: .created)

        todos.put("/{id:int}") { (request: Request, draft: TodoDraft) in
            let list = request.worker[TodoList.self]
            let todo = try list.find(request.parameters.value("id"))
            // If-Match: who has not seen the latest change does not undo it unawares.
            _ = try request.conditional(tag: todo.tag)
            return try answer(list.replace(todo.id, with: draft.validated()))
        }
        .described("Changes a todo").answers(Todo.self).fails(.notFound, "There is no such todo")
        .fails(.preconditionFailed, "It has been changed since (If-Match)")

        todos.delete("/{id:int}") { request in
            try request.worker[TodoList.self].remove(request.parameters.value("id"))
            return Response(status: .noContent)
        }
        .described("Removes a todo").answers(.noContent).fails(.notFound, "There is no such todo")
    }

    private static func answer(_ todo: Todo, status: HTTPResponse.Status = .ok) throws -> Response {
        var response = try Response.json(todo, status: status)
        response.entityTag = todo.tag
        return response
    }
}

extension Route {
    /// What all routes of todos have in common.
    fileprivate func described(_ summary: String) -> Route {
        self.summary(summary).tags("todos").secured(by: "bearer").fails(.unauthorized, "The token is not the one")
    }
}

/// The page at `/`.
private let page = """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>Todos</title></head>
    <body><h1>Todos</h1>
    <p><input id="token" type="password" placeholder="token"> <button onclick="show()">show</button></p>
    <p><input id="title" placeholder="what is to be done"> <button onclick="add()">add</button></p>
    <ul id="list"></ul><p>The API is described in <a href="/openapi.json">openapi.json</a>.</p>
    <script>
    const element = id => document.getElementById(id);
    const fields = () => ({"Authorization": "Bearer " + element("token").value, "Content-Type": "application/json"});
    async function show() {
      const answer = await (await fetch("/todos", {headers: fields()})).json();
      element("list").replaceChildren(...(answer.items ?? []).map(todo => {
        const item = document.createElement("li");
        item.textContent = todo.title + (todo.isDone ? " (done)" : "");
        return item;
      }));
    }
    async function add() {
      const body = JSON.stringify({title: element("title").value});
      await fetch("/todos", {method: "POST", headers: fields(), body});
      await show();
    }
    </script></body></html>

    """

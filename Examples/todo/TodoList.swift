import Martlet

/// All todos, in the order in which they were added.
final class TodoList {
    private var todos: [Todo] = []
    private var nextID = 1

    func page(_ query: TodoQuery) throws -> TodoPage {
        let (number, size) = (query.page ?? 1, query.size ?? 20)
        var faults: [HTTPError.Fault] = []
        if !(1...1_000_000).contains(number) { faults.append(.init(path: "page", "pages count from 1")) }
        if !(1...100).contains(size) { faults.append(.init(path: "size", "a page has 1 to 100 todos")) }
        guard faults.isEmpty else {
            throw HTTPError(.unprocessableContent, "there is no such page", faults: faults)
        }
        let fitting = todos.filter { query.done == nil || $0.isDone == query.done }
        return TodoPage(items: Array(fitting.dropFirst((number - 1) * size).prefix(size)), total: fitting.count)
    }

    func find(_ id: Int) throws -> Todo { todos[try index(of: id)] }

    func add(_ draft: TodoDraft) -> Todo {
        let todo = Todo(id: nextID, title: draft.title, isDone: draft.isDone ?? false, version: 1)
        nextID += 1
        todos.append(todo)
        return todo
    }

    func replace(_ id: Int, with draft: TodoDraft) throws -> Todo {
        let index = try index(of: id)
        todos[index].title = draft.title
        todos[index].isDone = draft.isDone ?? false
        todos[index].version += 1
        return todos[index]
    }

    func remove(_ id: Int) throws { todos.remove(at: try index(of: id)) }

    private func index(of id: Int) throws -> Int {
        guard let index = todos.firstIndex(where: { $0.id == id }) else {
            throw HTTPError(.notFound, "there is no todo \(id)")
        }
        return index
    }
}

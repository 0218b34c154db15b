import Martlet

/// A thing to do.
nonisolated struct Todo: Codable, Equatable {
    let id: Int
    var title: String
    var isDone: Bool
    /// Goes up with every change.
    var version: Int

    /// Names this state of it.
    var tag: EntityTag? { EntityTag(opaque: "\(id)-\(version)") }
}

/// What a client says of a todo.
nonisolated struct TodoDraft: Codable {
    var title: String
    var isDone: Bool?

    /// - Throws: an error that is answered with 422 and says what is wrong with which value.
    func validated() throws -> TodoDraft {
        var draft = self
        draft.title = String(title.drop { $0.isWhitespace })
        guard (1...200).contains(draft.title.count) else {
            throw HTTPError(
                .unprocessableContent, "the todo is not valid",
                faults: [.init(path: "title", "a title has 1 to 200 characters, and this one \(draft.title.count)")])
        }
        return draft
    }
}

/// Which todos are listed.
nonisolated struct TodoQuery: Codable {
    /// From 1.
    var page: Int?
    /// How many there are on a page.
    var size: Int?
    /// Only those that are done, or are not.
    var done: Bool?
}

/// Some of the todos.
nonisolated struct TodoPage: Codable {
    var items: [Todo]
    /// How many there are on all pages.
    var total: Int
}

import HTTPTypes

/// The routes of the usual methods.
///
/// Handlers return text, bytes, a ``Response``, anything that is ``ResponseConvertible``, or any `Encodable` value,
/// which is answered as JSON. Each method has a form for handlers that wait (`async`) and one for those that do not;
/// the compiler picks. Those of POST, PUT and PATCH may take the body, decoded from JSON, as a second parameter: a body
/// that is malformed is answered with 400, one that does not fit the type with 422, and with the path of the value.
///
/// A pattern that is malformed or taken is a mistake in the program: it ends it, and says which.
extension RouteGroup {
    // MARK: GET

    /// Answers GET, and HEAD without the body.
    @discardableResult
    public func get<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.get, pattern, .immediate { try handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers GET, and HEAD without the body; the handler may wait.
    @discardableResult
    public func get<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.get, pattern, .suspending { try await handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers GET, and HEAD without the body, as JSON.
    @discardableResult
    @_disfavoredOverload
    public func get<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.get, pattern, .immediate { try JSON(handler($0)).response() }).answering(Answer.self)
    }

    /// Answers GET, and HEAD without the body, as JSON; the handler may wait.
    @discardableResult
    @_disfavoredOverload
    public func get<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.get, pattern, .suspending { try await JSON(handler($0)).response() }).answering(Answer.self)
    }

    // MARK: POST

    /// Answers POST.
    @discardableResult
    public func post<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.post, pattern, .immediate { try handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers POST; the handler may wait.
    @discardableResult
    public func post<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.post, pattern, .suspending { try await handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers POST, as JSON.
    @discardableResult
    @_disfavoredOverload
    public func post<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.post, pattern, .immediate { try JSON(handler($0)).response() }).answering(Answer.self)
    }

    /// Answers POST, as JSON; the handler may wait.
    @discardableResult
    @_disfavoredOverload
    public func post<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.post, pattern, .suspending { try await JSON(handler($0)).response() }).answering(Answer.self)
    }

    /// Answers POST with a body that is decoded from JSON.
    @discardableResult
    public func post<Body: Decodable, Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) throws -> Answer
    ) -> Route {
        requireBody(.post, pattern, { try handler($0, $1).response() }).answeringConvertible(Answer.self)
    }

    /// Answers POST with a body that is decoded from JSON; the handler may wait.
    @discardableResult
    public func post<Body: Decodable, Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) async throws -> Answer
    ) -> Route {
        requireBody(.post, pattern, { try await handler($0, $1).response() }).answeringConvertible(Answer.self)
    }

    /// Answers POST with a body that is decoded from JSON, as JSON.
    @discardableResult
    @_disfavoredOverload
    public func post<Body: Decodable, Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) throws -> Answer
    ) -> Route {
        requireBody(.post, pattern, { try JSON(handler($0, $1)).response() }).answering(Answer.self)
    }

    /// Answers POST with a body that is decoded from JSON, as JSON; the handler may wait.
    @discardableResult
    @_disfavoredOverload
    public func post<Body: Decodable, Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) async throws -> Answer
    ) -> Route {
        requireBody(.post, pattern, { try await JSON(handler($0, $1)).response() }).answering(Answer.self)
    }

    // MARK: PUT

    /// Answers PUT.
    @discardableResult
    public func put<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.put, pattern, .immediate { try handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers PUT; the handler may wait.
    @discardableResult
    public func put<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.put, pattern, .suspending { try await handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers PUT, as JSON.
    @discardableResult
    @_disfavoredOverload
    public func put<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.put, pattern, .immediate { try JSON(handler($0)).response() }).answering(Answer.self)
    }

    /// Answers PUT, as JSON; the handler may wait.
    @discardableResult
    @_disfavoredOverload
    public func put<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.put, pattern, .suspending { try await JSON(handler($0)).response() }).answering(Answer.self)
    }

    /// Answers PUT with a body that is decoded from JSON.
    @discardableResult
    public func put<Body: Decodable, Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) throws -> Answer
    ) -> Route {
        requireBody(.put, pattern, { try handler($0, $1).response() }).answeringConvertible(Answer.self)
    }

    /// Answers PUT with a body that is decoded from JSON; the handler may wait.
    @discardableResult
    public func put<Body: Decodable, Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) async throws -> Answer
    ) -> Route {
        requireBody(.put, pattern, { try await handler($0, $1).response() }).answeringConvertible(Answer.self)
    }

    /// Answers PUT with a body that is decoded from JSON, as JSON.
    @discardableResult
    @_disfavoredOverload
    public func put<Body: Decodable, Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) throws -> Answer
    ) -> Route {
        requireBody(.put, pattern, { try JSON(handler($0, $1)).response() }).answering(Answer.self)
    }

    /// Answers PUT with a body that is decoded from JSON, as JSON; the handler may wait.
    @discardableResult
    @_disfavoredOverload
    public func put<Body: Decodable, Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) async throws -> Answer
    ) -> Route {
        requireBody(.put, pattern, { try await JSON(handler($0, $1)).response() }).answering(Answer.self)
    }

    // MARK: PATCH

    /// Answers PATCH.
    @discardableResult
    public func patch<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.patch, pattern, .immediate { try handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers PATCH; the handler may wait.
    @discardableResult
    public func patch<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.patch, pattern, .suspending { try await handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers PATCH, as JSON.
    @discardableResult
    @_disfavoredOverload
    public func patch<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.patch, pattern, .immediate { try JSON(handler($0)).response() }).answering(Answer.self)
    }

    /// Answers PATCH, as JSON; the handler may wait.
    @discardableResult
    @_disfavoredOverload
    public func patch<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.patch, pattern, .suspending { try await JSON(handler($0)).response() }).answering(Answer.self)
    }

    /// Answers PATCH with a body that is decoded from JSON.
    @discardableResult
    public func patch<Body: Decodable, Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) throws -> Answer
    ) -> Route {
        requireBody(.patch, pattern, { try handler($0, $1).response() }).answeringConvertible(Answer.self)
    }

    /// Answers PATCH with a body that is decoded from JSON; the handler may wait.
    @discardableResult
    public func patch<Body: Decodable, Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) async throws -> Answer
    ) -> Route {
        requireBody(.patch, pattern, { try await handler($0, $1).response() }).answeringConvertible(Answer.self)
    }

    /// Answers PATCH with a body that is decoded from JSON, as JSON.
    @discardableResult
    @_disfavoredOverload
    public func patch<Body: Decodable, Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) throws -> Answer
    ) -> Route {
        requireBody(.patch, pattern, { try JSON(handler($0, $1)).response() }).answering(Answer.self)
    }

    /// Answers PATCH with a body that is decoded from JSON, as JSON; the handler may wait.
    @discardableResult
    @_disfavoredOverload
    public func patch<Body: Decodable, Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request, Body) async throws -> Answer
    ) -> Route {
        requireBody(.patch, pattern, { try await JSON(handler($0, $1)).response() }).answering(Answer.self)
    }

    // MARK: DELETE

    /// Answers DELETE.
    @discardableResult
    public func delete<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.delete, pattern, .immediate { try handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers DELETE; the handler may wait.
    @discardableResult
    public func delete<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.delete, pattern, .suspending { try await handler($0).response() }).answeringConvertible(Answer.self)
    }

    /// Answers DELETE, as JSON.
    @discardableResult
    @_disfavoredOverload
    public func delete<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) -> Route {
        require(.delete, pattern, .immediate { try JSON(handler($0)).response() }).answering(Answer.self)
    }

    /// Answers DELETE, as JSON; the handler may wait.
    @discardableResult
    @_disfavoredOverload
    public func delete<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) -> Route {
        require(.delete, pattern, .suspending { try await JSON(handler($0)).response() }).answering(Answer.self)
    }
}

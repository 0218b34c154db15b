/// The routes of the usual methods.
///
/// Handlers return text, bytes, a ``Response``, anything that is ``ResponseConvertible``, or any `Encodable` value,
/// which is answered as JSON. Each method has a form for handlers that wait (`async`) and one for those that do not;
/// the compiler picks. A pattern that is malformed or taken is a mistake in the program: it traps, and says which.
extension Router {
    // MARK: GET

    /// Answers GET, and HEAD without the body.
    public func get<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.get, pattern, .immediate { try handler($0).response() })
    }

    /// Answers GET, and HEAD without the body; the handler may wait.
    public func get<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.get, pattern, .suspending { try await handler($0).response() })
    }

    /// Answers GET, and HEAD without the body, as JSON.
    @_disfavoredOverload
    public func get<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.get, pattern, .immediate { try JSON(handler($0)).response() })
    }

    /// Answers GET, and HEAD without the body, as JSON; the handler may wait.
    @_disfavoredOverload
    public func get<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.get, pattern, .suspending { try await JSON(handler($0)).response() })
    }

    // MARK: POST

    /// Answers POST.
    public func post<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.post, pattern, .immediate { try handler($0).response() })
    }

    /// Answers POST; the handler may wait.
    public func post<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.post, pattern, .suspending { try await handler($0).response() })
    }

    /// Answers POST, as JSON.
    @_disfavoredOverload
    public func post<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.post, pattern, .immediate { try JSON(handler($0)).response() })
    }

    /// Answers POST, as JSON; the handler may wait.
    @_disfavoredOverload
    public func post<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.post, pattern, .suspending { try await JSON(handler($0)).response() })
    }

    // MARK: PUT

    /// Answers PUT.
    public func put<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.put, pattern, .immediate { try handler($0).response() })
    }

    /// Answers PUT; the handler may wait.
    public func put<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.put, pattern, .suspending { try await handler($0).response() })
    }

    /// Answers PUT, as JSON.
    @_disfavoredOverload
    public func put<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.put, pattern, .immediate { try JSON(handler($0)).response() })
    }

    /// Answers PUT, as JSON; the handler may wait.
    @_disfavoredOverload
    public func put<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.put, pattern, .suspending { try await JSON(handler($0)).response() })
    }

    // MARK: PATCH

    /// Answers PATCH.
    public func patch<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.patch, pattern, .immediate { try handler($0).response() })
    }

    /// Answers PATCH; the handler may wait.
    public func patch<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.patch, pattern, .suspending { try await handler($0).response() })
    }

    /// Answers PATCH, as JSON.
    @_disfavoredOverload
    public func patch<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.patch, pattern, .immediate { try JSON(handler($0)).response() })
    }

    /// Answers PATCH, as JSON; the handler may wait.
    @_disfavoredOverload
    public func patch<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.patch, pattern, .suspending { try await JSON(handler($0)).response() })
    }

    // MARK: DELETE

    /// Answers DELETE.
    public func delete<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.delete, pattern, .immediate { try handler($0).response() })
    }

    /// Answers DELETE; the handler may wait.
    public func delete<Answer: ResponseConvertible>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.delete, pattern, .suspending { try await handler($0).response() })
    }

    /// Answers DELETE, as JSON.
    @_disfavoredOverload
    public func delete<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) throws -> Answer
    ) {
        require(.delete, pattern, .immediate { try JSON(handler($0)).response() })
    }

    /// Answers DELETE, as JSON; the handler may wait.
    @_disfavoredOverload
    public func delete<Answer: Encodable>(
        _ pattern: String, handler: @escaping @MainActor (Request) async throws -> Answer
    ) {
        require(.delete, pattern, .suspending { try await JSON(handler($0)).response() })
    }
}

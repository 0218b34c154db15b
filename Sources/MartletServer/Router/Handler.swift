/// Answers a request: with a response, or by throwing an ``HTTPError`` or anything else, which is answered with 500.
///
/// The kinds differ in what they cost: one that does not wait is called from the loop as it is, without a task.
@usableFromInline
enum Handler {
    /// Waits for nothing.
    case immediate(@MainActor (Request) throws -> Response)
    /// Waits for nothing but the whole body. Where that has come together with the head, this is as cheap as `immediate`;
    /// the bytes are valid during the call. Where it has not, or has to be decoded, `late` waits for it.
    case buffered(@MainActor (Request, UnsafeBufferPointer<UInt8>) throws -> Response, late: Responder)
    /// May wait.
    case waiting(Responder)

    /// One that waits for nothing but the whole body.
    static func buffering(
        _ handle: @escaping @MainActor (Request, UnsafeBufferPointer<UInt8>) throws -> Response
    ) -> Handler {
        .buffered(
            handle,
            late: Responder { request in
                let body = try await request.body.collect()
                return try body.withUnsafeBufferPointer { try handle(request, $0) }
            })
    }

    /// One that may wait.
    static func suspending(_ respond: @escaping @MainActor (Request) async throws -> Response) -> Handler {
        .waiting(Responder(respond))
    }
}

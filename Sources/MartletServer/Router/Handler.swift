/// Answers a request: with a response, or by throwing an ``HTTPError`` or anything else, which is answered with 500.
///
/// The kinds differ in what they cost: one that does not wait is called from the loop as it is, without a task.
@usableFromInline
enum Handler {
    /// Waits for nothing.
    case immediate(@MainActor (Request) throws -> Response)
    /// Waits for nothing but the whole body, of at most `limit` bytes. Where the body has come together with the head,
    /// this is as cheap as `immediate`. The bytes are valid during the call.
    case buffered(limit: Int, @MainActor (Request, UnsafeBufferPointer<UInt8>) throws -> Response)
    /// May wait.
    case waiting(Responder)

    /// One that may wait.
    static func suspending(_ respond: @escaping @MainActor (Request) async throws -> Response) -> Handler {
        .waiting(Responder(respond))
    }
}

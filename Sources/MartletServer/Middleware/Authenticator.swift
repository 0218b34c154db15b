import HTTPTypes
import MartletHTTP

/// What ``BasicAuthentication`` and ``BearerAuthentication`` have in common: reads credentials, has them verified, and
/// keeps who they are of with the request.
struct Authenticator<Credentials, Key: RequestKey> {
    /// Reads what a request brings.
    ///
    /// - Throws: the answer to a request that brings nothing, or nothing that could be read.
    let read: @MainActor (Request) throws -> Credentials
    /// The answer to credentials that are wrong.
    let refusal: HTTPError

    func keep(_ principal: Key.Value?, with request: Request) throws {
        guard let principal else { throw refusal }
        request[Key.self] = principal
    }

    /// Verifies without waiting.
    struct Immediate: Filter {
        let authenticator: Authenticator
        let verify: @MainActor (Credentials) throws -> Key.Value?

        func before(_ request: Request) throws -> Response? {
            try authenticator.keep(verify(authenticator.read(request)), with: request)
            return nil
        }
    }

    /// Verifies by waiting for somebody.
    struct Waiting: Middleware {
        let authenticator: Authenticator
        let verify: @MainActor (Credentials) async throws -> Key.Value?

        func respond(to request: Request, next: Responder) async throws -> Response {
            try authenticator.keep(await verify(authenticator.read(request)), with: request)
            return try await next(request)
        }
    }
}

/// The name that somebody has proven to be theirs, where no other key was asked for.
public enum AuthenticatedUser: RequestKey {
    /// The name.
    public typealias Value = String
}

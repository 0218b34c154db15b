import HTTPTypes
import MartletHTTP

/// Lets only those in who bring a token (RFC 6750); others get 401, those whose request is malformed 400.
///
/// ```swift
/// enum Owner: RequestKey { typealias Value = User }
///
/// api.use(BearerAuthentication(as: Owner.self) { token in try await users.owner(of: token.value) })
/// ```
///
/// A token that is good, but not for what is asked for, is the handler's to refuse: it throws
/// ``HTTPError/insufficientScope(_:realm:)``.
public struct BearerAuthentication {
    let use: @MainActor (RouteGroup) -> Void

    /// Has tokens verified by a closure that does not wait.
    ///
    /// - Parameters:
    ///   - realm: what the tokens are for.
    ///   - key: where who it is is kept with the request.
    ///   - verify: returns whose token it is; `nil` when it is unknown or has expired. Compare secrets with
    ///     `BearerToken.matches(_:)` or `constantTimeEquals`.
    public init<Key: RequestKey>(
        realm: String = "api", as key: Key.Type, verify: @escaping @MainActor (BearerToken) throws -> Key.Value?
    ) {
        let authenticator = Self.authenticator(realm, key)
        use = { $0.use(Authenticator.Immediate(authenticator: authenticator, verify: verify)) }
    }

    /// Has tokens verified by a closure that may wait.
    ///
    /// - Parameters:
    ///   - realm: what the tokens are for.
    ///   - key: where who it is is kept with the request.
    ///   - verify: returns whose token it is; `nil` when it is unknown or has expired.
    public init<Key: RequestKey>(
        realm: String = "api", as key: Key.Type, verify: @escaping @MainActor (BearerToken) async throws -> Key.Value?
    ) {
        let authenticator = Self.authenticator(realm, key)
        use = { $0.use(Authenticator.Waiting(authenticator: authenticator, verify: verify)) }
    }

    private static func authenticator<Key: RequestKey>(
        _ realm: String, _ key: Key.Type
    ) -> Authenticator<BearerToken, Key> {
        func error(_ status: HTTPResponse.Status, _ message: String, _ failure: Challenge.BearerFailure?) -> HTTPError {
            let challenge = Challenge.bearer(realm: realm, failure: failure)
            return HTTPError(status, message, fields: [.wwwAuthenticate: challenge.description])
        }
        let missing = error(.unauthorized, "a bearer token is needed", nil)
        let malformed = error(.badRequest, "the bearer token is malformed", .invalidRequest)
        return Authenticator(
            read: { request in
                // Of another scheme, it is as if there was none.
                guard let field = request[.authorization], field.prefix(6).lowercased() == "bearer",
                    field.utf8.dropFirst(6).first.map({ $0 == 0x20 }) ?? true
                else { throw missing }
                guard let token = BearerToken(authorization: field) else { throw malformed }
                return token
            },
            refusal: error(.unauthorized, "the bearer token is unknown, or has expired", .invalidToken))
    }
}

extension RouteGroup {
    /// Lets only those in who bring a token.
    public func use(_ authentication: BearerAuthentication) {
        authentication.use(self)
    }
}

extension HTTPError {
    /// 403, of a bearer token that does not allow what is asked for (RFC 6750 §3.1).
    ///
    /// - Parameters:
    ///   - scope: what the token would have to allow, in words separated by spaces.
    ///   - realm: what the tokens are for.
    public static func insufficientScope(_ scope: String, realm: String = "api") -> HTTPError {
        let challenge = Challenge.bearer(realm: realm, failure: .insufficientScope, scope: scope)
        return HTTPError(
            .forbidden, "the token does not allow this: \(scope)",
            fields: [.wwwAuthenticate: challenge.description])
    }
}

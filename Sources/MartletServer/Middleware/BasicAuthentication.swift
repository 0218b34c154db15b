import HTTPTypes
import MartletHTTP

/// Lets only those in who have a user name and a password (RFC 7617); others get 401 and are asked.
///
/// ```swift
/// enum CurrentUser: RequestKey { typealias Value = User }
///
/// admin.use(BasicAuthentication(realm: "admin", as: CurrentUser.self) { credentials in
///     try await users.find(credentials.user, password: credentials.password)
/// })
/// admin.get("/") { request in "Hello, \(request[CurrentUser.self]!.name)" }
/// ```
///
/// The password goes over the wire as it is: use it with TLS only.
public struct BasicAuthentication {
    let use: @MainActor (RouteGroup) -> Void

    /// Has credentials verified by a closure that does not wait.
    ///
    /// - Parameters:
    ///   - realm: what the credentials are for, which browsers may show.
    ///   - key: where who it is is kept with the request.
    ///   - verify: returns whose credentials they are; `nil` when they are wrong. Compare secrets with
    ///     `BasicCredentials.matches(user:password:)` or `constantTimeEquals`.
    public init<Key: RequestKey>(
        realm: String, as key: Key.Type, verify: @escaping @MainActor (BasicCredentials) throws -> Key.Value?
    ) {
        let authenticator = Self.authenticator(realm, key)
        use = { $0.use(Authenticator.Immediate(authenticator: authenticator, verify: verify)) }
    }

    /// Has credentials verified by a closure that may wait.
    ///
    /// - Parameters:
    ///   - realm: what the credentials are for, which browsers may show.
    ///   - key: where who it is is kept with the request.
    ///   - verify: returns whose credentials they are; `nil` when they are wrong.
    public init<Key: RequestKey>(
        realm: String, as key: Key.Type, verify: @escaping @MainActor (BasicCredentials) async throws -> Key.Value?
    ) {
        let authenticator = Self.authenticator(realm, key)
        use = { $0.use(Authenticator.Waiting(authenticator: authenticator, verify: verify)) }
    }

    /// Lets one user in, who is kept as ``AuthenticatedUser``.
    ///
    /// - Parameters:
    ///   - realm: what the credentials are for, which browsers may show.
    ///   - user: the user's name.
    ///   - password: the password.
    public init(realm: String, user: String, password: String) {
        self.init(realm: realm, as: AuthenticatedUser.self) { (credentials: BasicCredentials) in
            credentials.matches(user: user, password: password) ? user : nil
        }
    }

    private static func authenticator<Key: RequestKey>(
        _ realm: String, _ key: Key.Type
    ) -> Authenticator<BasicCredentials, Key> {
        let refusal = HTTPError(
            .unauthorized, "a user and a password are needed",
            fields: [.wwwAuthenticate: Challenge.basic(realm: realm).description])
        return Authenticator(
            read: { request in
                guard let credentials = request[.authorization].flatMap(BasicCredentials.init(authorization:)) else {
                    throw refusal
                }
                return credentials
            },
            refusal: refusal)
    }
}

extension RouteGroup {
    /// Lets only those in who have a user name and a password.
    public func use(_ authentication: BasicAuthentication) {
        authentication.use(self)
    }
}

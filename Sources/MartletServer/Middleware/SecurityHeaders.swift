import HTTPTypes

/// Fields that make browsers careful, as the OWASP Secure Headers Project recommends them.
///
/// Each can be changed, or left out with `nil`; a field that a handler sets itself stays as it is.
public struct SecurityHeaders: Filter {
    private let plain: PreparedFields
    private let secure: PreparedFields

    /// A filter that adds these fields.
    ///
    /// - Parameters:
    ///   - contentTypeOptions: X-Content-Type-Options: whether browsers may guess what a body is.
    ///   - referrerPolicy: Referrer-Policy: what other sites learn of where a visitor comes from.
    ///   - frameOptions: X-Frame-Options: who may show a page within another.
    ///   - contentSecurityPolicy: Content-Security-Policy: where scripts, styles and images may come from.
    ///   - strictTransportSecurity: Strict-Transport-Security (RFC 6797), sent where ``Request/scheme`` is `https`.
    ///   - permissionsPolicy: Permissions-Policy: which features of the browser a page may use.
    ///   - openerPolicy: Cross-Origin-Opener-Policy.
    ///   - resourcePolicy: Cross-Origin-Resource-Policy.
    ///   - embedderPolicy: Cross-Origin-Embedder-Policy.
    public init(
        contentTypeOptions: String? = "nosniff", referrerPolicy: String? = "no-referrer",
        frameOptions: String? = "SAMEORIGIN", contentSecurityPolicy: String? = nil,
        strictTransportSecurity: String? = "max-age=31536000; includeSubDomains", permissionsPolicy: String? = nil,
        openerPolicy: String? = "same-origin", resourcePolicy: String? = "same-origin", embedderPolicy: String? = nil
    ) {
        var fields = HTTPFields()
        func add(_ name: String, _ value: String?) {
            guard let value, let name = HTTPField.Name(name) else { return }
            fields.append(HTTPField(name: name, value: value))
        }
        add("X-Content-Type-Options", contentTypeOptions)
        add("Referrer-Policy", referrerPolicy)
        add("X-Frame-Options", frameOptions)
        add("Content-Security-Policy", contentSecurityPolicy)
        add("Permissions-Policy", permissionsPolicy)
        add("Cross-Origin-Opener-Policy", openerPolicy)
        add("Cross-Origin-Resource-Policy", resourcePolicy)
        add("Cross-Origin-Embedder-Policy", embedderPolicy)
        plain = PreparedFields(fields)
        add("Strict-Transport-Security", strictTransportSecurity)
        secure = PreparedFields(fields)
    }

    /// Adds the fields that are not there.
    public func after(_ request: Request, _ response: inout Response) throws {
        response.add(missing: request.scheme == "https" ? secure : plain)
    }
}

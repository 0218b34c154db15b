import HTTPTypes

/// Lets pages of other origins use what is answered, as the Fetch standard has it (§3.2, the CORS protocol).
///
/// ```swift
/// router.use(CORS(origins: .list(["https://example.org"]), allowsCredentials: true))
/// ```
///
/// Preflight requests are answered with 204 before any handler, also where no route answers OPTIONS. What an origin
/// that is not allowed gets says nothing about other origins, so that the browser keeps it from the page.
public struct CORS: Filter {
    /// Which origins may use the answers.
    public struct Origins {
        enum Kind {
            case any
            case list(Set<String>)
            case matching(@MainActor (String) -> Bool)
        }

        let kind: Kind

        /// All of them.
        public static var any: Origins { Origins(kind: .any) }

        /// Those that are named, as browsers write them: `https://example.org`, no slash at the end.
        public static func list(_ origins: [String]) -> Origins { Origins(kind: .list(Set(origins))) }

        /// Those for which `predicate` is true.
        public static func matching(_ predicate: @escaping @MainActor (String) -> Bool) -> Origins {
            Origins(kind: .matching(predicate))
        }
    }

    private let origins: Origins
    private let isAny: Bool
    private let echoesHeaders: Bool
    /// What every answer says, the origin aside, and what one to a preflight request says besides.
    private let common: PreparedFields
    private let preflight: HTTPFields

    private static let varyOrigin = HTTPField(name: .vary, value: "Origin")
    private static let varyPreflight = HTTPField(
        name: .vary, value: "Access-Control-Request-Method, Access-Control-Request-Headers")

    /// A filter that allows origins what is said here.
    ///
    /// Ends the program when credentials are to go with any origin: browsers refuse that, and who would get round it by
    /// naming whoever asks would open every session to every page.
    ///
    /// - Parameters:
    ///   - origins: who is allowed.
    ///   - methods: the methods that pages may use.
    ///   - headers: the fields that pages may send; `nil`: whatever they ask for.
    ///   - exposedHeaders: the fields that pages may read, beside those that they always may.
    ///   - allowsCredentials: whether requests may come with cookies, and answers be read then.
    ///   - maxAge: how long browsers may remember the answer to a preflight request; `nil` leaves it to them.
    public init(
        origins: Origins = .any,
        methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete],
        headers: [HTTPField.Name]? = nil, exposedHeaders: [HTTPField.Name] = [], allowsCredentials: Bool = false,
        maxAge: Duration? = .seconds(600)
    ) {
        if case .any = origins.kind { isAny = true } else { isAny = false }
        guard !(isAny && allowsCredentials) else {
            fatalError("CORS cannot allow credentials to any origin: name the origins that may have them")
        }
        self.origins = origins
        echoesHeaders = headers == nil
        var common = HTTPFields()
        if isAny { common.append(HTTPField(name: .accessControlAllowOrigin, value: "*")) }
        if allowsCredentials { common.append(HTTPField(name: .accessControlAllowCredentials, value: "true")) }
        var preflight = common
        if !exposedHeaders.isEmpty {
            let names = exposedHeaders.map(\.rawName).joined(separator: ", ")
            common.append(HTTPField(name: .accessControlExposeHeaders, value: names))
        }
        self.common = PreparedFields(common)
        preflight.append(
            HTTPField(
                name: .accessControlAllowMethods, value: methods.map(\.rawValue).joined(separator: ", ")))
        if let headers, !headers.isEmpty {
            let names = headers.map(\.rawName).joined(separator: ", ")
            preflight.append(HTTPField(name: .accessControlAllowHeaders, value: names))
        }
        if let maxAge {
            preflight.append(
                HTTPField(name: .accessControlMaxAge, value: "\(max(0, maxAge.components.seconds))"))
        }
        self.preflight = preflight
    }

    /// Answers preflight requests.
    public func before(_ request: Request) throws -> Response? {
        guard request.exchange.parser.method == .options, request.has(.accessControlRequestMethod),
            let origin = request[.origin]
        else { return nil }
        var response = Response(status: .noContent)
        if allows(origin) {
            response.fields = preflight
            if !isAny { response.fields.append(HTTPField(name: .accessControlAllowOrigin, value: origin)) }
            if echoesHeaders, let headers = request[.accessControlRequestHeaders] {
                response.fields.append(HTTPField(name: .accessControlAllowHeaders, value: headers))
            }
        }
        if !isAny { response.fields.append(Self.varyOrigin) }
        response.fields.append(Self.varyPreflight)
        return response
    }

    /// Adds what the origin may know.
    public func after(_ request: Request, _ response: inout Response) throws {
        guard !isAny else { return response.add(missing: common) }
        if let origin = request[.origin], allows(origin) {
            response.add(missing: common)
            if !response.includes(.accessControlAllowOrigin) {
                response.append(HTTPField(name: .accessControlAllowOrigin, value: origin))
            }
        }
        // Also of answers to nobody's origin: a cache would give them to pages that need another.
        response.fields.vary(on: Self.varyOrigin)
    }

    private func allows(_ origin: String) -> Bool {
        switch origins.kind {
        case .any: true
        case .list(let origins): origins.contains(origin)
        case .matching(let predicate): predicate(origin)
        }
    }
}

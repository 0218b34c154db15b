import HTTPTypes
import MartletHTTP

/// Spares clients what they have already: answers to GET whose bodies are in memory get a strong entity tag, and
/// requests with If-None-Match, If-Match, If-Modified-Since or If-Unmodified-Since get 304 or 412 when that is due
/// (RFC 9110 §13).
///
/// The tag is a hash of the body, the same in all workers; one that the handler has set stays. The handler runs all the
/// same: one that knows the state of what it answers before it makes it asks ``Request/conditional(tag:lastModified:)``.
public struct ConditionalRequests: Filter {
    private let makesTags: Bool

    /// A filter that evaluates conditions.
    ///
    /// - Parameter makesTags: whether answers without an entity tag get one.
    public init(makesTags: Bool = true) {
        self.makesTags = makesTags
    }

    /// Adds the tag, and evaluates the conditions.
    public func after(_ request: Request, _ response: inout Response) throws {
        let method = request.exchange.parser.method
        guard method == .get || method == .head, Self.isSuccess(response.status) else { return }
        if makesTags, response.status == .ok, !response.includes(.eTag), let tag = response.body.contentTag {
            response.fields.append(HTTPField(name: .eTag, value: tag))
        }
        let conditions = request.preconditions
        guard !conditions.isEmpty else { return }
        switch conditions.evaluate(tag: response.entityTag, lastModified: response.lastModified) {
        case .proceed: break
        case .notModified: response.becomeNotModified()
        case .failed: throw HTTPError.preconditionFailed
        }
    }

    /// Conditions go before ranges (RFC 9110 §13.2.2): whoever asks for a part of what it has already gets 304, and 412
    /// goes before what is answered where there is no such part.
    private static func isSuccess(_ status: HTTPResponse.Status) -> Bool {
        status == .ok || status == .partialContent || status == .rangeNotSatisfiable
    }
}

extension Response.Body {
    /// A strong entity tag of what is in memory; `nil` of everything else.
    fileprivate var contentTag: String? {
        switch self {
        case .text(var text): "\"" + text.withUTF8 { ContentHash.hash(UnsafeRawBufferPointer($0)) }.webSafeText + "\""
        case .bytes(let bytes): "\"" + bytes.withUnsafeBytes { ContentHash.hash($0) }.webSafeText + "\""
        case .none, .stream, .upgrade: nil
        }
    }
}

extension Response {
    /// The entity tag (`ETag`, RFC 9110 §8.8.3): which state of the resource this is.
    public nonisolated var entityTag: EntityTag? {
        get { fields[.eTag].flatMap { EntityTag($0) } }
        set { fields[.eTag] = newValue?.description }
    }

    /// When the resource was last changed (`Last-Modified`, RFC 9110 §8.8.2).
    public nonisolated var lastModified: HTTPDate? {
        get { fields[.lastModified].flatMap { HTTPDate($0, now: HTTPDate(unixTime: 0)) } }
        set { fields[.lastModified] = newValue?.description }
    }

    /// 304 in place of this response, which keeps what RFC 9110 §15.4.5 wants kept: everything but the body and what
    /// describes it.
    fileprivate mutating func becomeNotModified() {
        status = .notModified
        body = .none
        contentType = nil
        for name: HTTPField.Name in [.contentType, .contentEncoding, .contentRange, .contentLanguage] {
            if fields.includes(name) { fields[name] = nil }
        }
    }
}

extension HTTPError {
    static var preconditionFailed: HTTPError {
        HTTPError(.preconditionFailed, "this is not in the state that the request expects")
    }
}

extension Request {
    package var preconditions: Preconditions {
        // Most requests have none, which one look tells.
        guard exchange.hasField(startingWith: "if-") else {
            return Preconditions(method: exchange.parser.method)
        }
        func value(_ name: HTTPField.Name) -> String? { has(name) ? self[name] : nil }
        return Preconditions(
            method: exchange.parser.method, ifMatch: value(.ifMatch), ifNoneMatch: value(.ifNoneMatch),
            ifModifiedSince: value(.ifModifiedSince), ifUnmodifiedSince: value(.ifUnmodifiedSince))
    }

    /// What the conditions of the request come to (RFC 9110 §13), for a handler that knows the state of the resource
    /// before it makes, or changes, it.
    ///
    /// ```swift
    /// if let response = try request.conditional(tag: EntityTag(opaque: "v\(page.version)")) { return response }
    /// ```
    ///
    /// - Parameters:
    ///   - tag: the state of the resource; `nil` when it has no name.
    ///   - lastModified: when it was last changed; `nil` when that is not known.
    /// - Returns: 304, when the client has this state already; `nil`: go on.
    /// - Throws: ``HTTPError`` 412, when the client expects another state.
    public func conditional(tag: EntityTag? = nil, lastModified: HTTPDate? = nil) throws -> Response? {
        let conditions = preconditions
        guard !conditions.isEmpty else { return nil }
        switch conditions.evaluate(tag: tag, lastModified: lastModified) {
        case .proceed: return nil
        case .failed: throw HTTPError.preconditionFailed
        case .notModified:
            var response = Response(status: .notModified)
            if let tag { response.entityTag = tag }
            if let lastModified { response.lastModified = lastModified }
            return response
        }
    }
}

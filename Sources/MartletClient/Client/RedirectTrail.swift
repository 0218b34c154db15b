import HTTPTypes

/// The redirects of one request, RFC 9110 §15.4.
struct RedirectTrail {
    private var request: HTTPClientRequest
    private let redirects: HTTPRedirects
    private let keepsCookies: Bool
    /// What was asked for so far: the same question again would get the same answer, unless a cookie has been set in between.
    private var asked: Set<String> = []
    /// How many have been followed.
    private(set) var count = 0

    init(_ request: HTTPClientRequest, _ redirects: HTTPRedirects, keepsCookies: Bool) {
        self.request = request
        self.redirects = redirects
        self.keepsCookies = keepsCookies
        asked.insert(Self.question(request))
    }

    private static func question(_ request: HTTPClientRequest) -> String { "\(request.method) \(request.url)" }

    /// The request that a response sends the client to; `nil` when the response is the final one.
    ///
    /// - Throws: ``HTTPClientError`` when it may not, or cannot, be followed.
    mutating func next(after response: HTTPClientResponse) throws -> HTTPClientRequest? {
        guard [301, 302, 303, 307, 308].contains(response.code) else { return nil }
        // Without Location it is a response like any other.
        guard let location = response[.location] else { return nil }
        guard count < redirects.limit else {
            throw failure(.tooManyRedirects, response, "there are more redirects than the limit of \(redirects.limit)")
        }
        let target = try target(location, response)
        try turn(response.code, response)
        request.move(to: target)
        // The usual step of a login or of a question for consent: the same page again, now with its cookie.
        if keepsCookies, response.fields[.setCookie] != nil { asked = [] }
        guard asked.insert(Self.question(request)).inserted else {
            throw failure(.tooManyRedirects, response, "its redirects go round in a circle: \(target) comes again")
        }
        count += 1
        return request
    }

    private func target(_ location: String, _ response: HTTPClientResponse) throws -> HTTPURL {
        let target: HTTPURL
        do throws(HTTPURLError) {
            target = try request.target(of: location)
        } catch {
            let place = HandshakeResponse.harmless(HTTPURL.redacted(location))
            throw failure(
                .redirect, response, "it redirects to \"\(place)\", which cannot be followed: \(error.reason)")
        }
        if request.url.isSecure, !target.isSecure, !redirects.allowsDowngrade {
            throw failure(.redirect, response, "it redirects from https to \(target), which is not followed")
        }
        return target
    }

    /// Makes of method and body what the status says.
    private mutating func turn(_ status: Int, _ response: HTTPClientResponse) throws {
        let becomesGet =
            switch status {
            case 303: request.method != .head && request.method != .get
            case 301, 302: request.method == .post
            default: false
            }
        if becomesGet {
            request.method = .get
            request.body = .none
            for name in [HTTPField.Name.contentType, .contentEncoding, .contentLanguage, .contentLocation] {
                request.fields[name] = nil
            }
            request.change { $0.expectsContinue = false }
        } else if !request.body.isRepeatable {
            throw failure(
                .bodyNotRepeatable, response, "it redirects (\(status)), and the body cannot be sent a second time")
        }
    }

    private func failure(_ code: HTTPClientError.Code, _ response: HTTPClientResponse, _ reason: String)
        -> HTTPClientError
    {
        HTTPClientError(code, url: request.url, reason, status: response.code)
    }
}

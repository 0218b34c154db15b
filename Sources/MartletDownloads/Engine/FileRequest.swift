import Glibc
import HTTPTypes
import MartletClient
import MartletDownloadPlan
import MartletHTTP

/// Asks servers for one file: follows redirects within what is allowed, and reads what the answers say.
struct FileRequest {
    let client: HTTPClient
    let options: DownloadOptions
    let item: DownloadItem
    let url: HTTPURL

    /// A server's answer, its body not read yet.
    struct Reply {
        let response: HTTPClientResponse
        let answer: Answer
    }

    /// Asks.
    ///
    /// - Throws: `DownloadError`, `HTTPClientError`; `CancellationError`.
    func ask(_ question: Answer.Question) async throws -> Reply {
        var request = request(question)
        var redirects = 0
        while true {
            try check(request.url)
            let response = try await client.execute(request)
            guard let location = redirection(response) else {
                return Reply(response: response, answer: answer(response))
            }
            response.cancel()
            redirects += 1
            guard redirects <= options.redirects.limit else {
                throw failure(
                    .redirect,
                    "there are more than \(options.redirects.limit) redirects, the last one from \(request.url)")
            }
            request.move(to: try next(request, location))
        }
    }

    private func check(_ target: HTTPURL) throws {
        guard target.scheme == "http" || target.scheme == "https" else {
            throw failure(.invalidURL, "\(target) is not of http or https")
        }
        if let allowsHost = options.allowsHost, !allowsHost(target.host) {
            throw failure(.refused, "the host \(target.host) is not one of those that may be asked")
        }
    }

    private func request(_ question: Answer.Question) -> HTTPClientRequest {
        var request = HTTPClientRequest(.get, url, fields: options.fields)
        for field in item.fields { request.fields[field.name] = field.value }
        // Parts are of bytes as they are stored.
        request.fields[.acceptEncoding] = "identity"
        if case .part(let range, let length, let validator) = question {
            request.fields[.range] =
                "bytes=\(range.lowerBound)-" + (length == nil ? "" : "\(range.upperBound - 1)")
            request.fields[.ifRange] = validator.ifRange
        }
        request.redirects = HTTPRedirects.none
        request.retries = HTTPRetries.none
        request.decompresses = false
        return request
    }

    private func redirection(_ response: HTTPClientResponse) -> String? {
        switch response.code {
        case 301, 302, 303, 307, 308: response[.location]
        default: nil
        }
    }

    private func next(_ request: HTTPClientRequest, _ location: String) throws -> HTTPURL {
        let next: HTTPURL
        do {
            next = try request.target(of: location)
        } catch {
            throw failure(.redirect, "\(request.url) redirects to what cannot be followed: \(error.reason)")
        }
        guard next.isSecure || !request.url.isSecure || options.redirects.allowsDowngrade else {
            throw failure(.redirect, "\(request.url) redirects to \(next), which is not encrypted")
        }
        return next
    }

    private func answer(_ response: HTTPClientResponse) -> Answer {
        let now = HTTPDate(unixTime: Self.now)
        return Answer(
            status: response.code, contentLength: response[.contentLength].flatMap(Self.length),
            contentRange: response[.contentRange], acceptRanges: response[.acceptRanges],
            contentEncoding: response[.contentEncoding],
            validator: Validator(
                tag: response[.eTag], lastModified: response[.lastModified], date: response[.date], now: now))
    }

    /// The client has read it before, strictly.
    private static func length(_ text: String) -> Int? {
        Int(text).flatMap { $0 >= 0 ? $0 : nil }
    }

    private static var now: Int64 { Int64(time(nil)) }

    private func failure(_ code: DownloadError.Code, _ reason: String) -> DownloadError {
        DownloadError(code, url: "\(url)", reason)
    }
}

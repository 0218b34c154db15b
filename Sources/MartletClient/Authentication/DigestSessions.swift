import HTTPTypes
import MartletHTTP

/// The challenges that servers have made, so that later requests answer them before they are asked.
final class DigestSessions {
    private struct Session {
        var challenge: DigestChallenge
        var count: UInt32 = 0
    }

    private var sessions: [HTTPOrigin: Session] = [:]

    /// Origins that are remembered; beyond, all are forgotten, which costs a request each.
    private static let most = 1000

    deinit {}

    /// The value of Authorization; `nil` when the server has not asked yet.
    func authorization(for request: HTTPClientRequest, user: String, password: String) -> String? {
        let origin = request.url.origin
        guard var session = sessions[origin], session.count < .max else { return nil }
        session.count += 1
        sessions[origin] = session
        return DigestAnswer(
            challenge: session.challenge, user: user, password: password, method: request.method.rawValue,
            target: request.url.target, count: session.count,
            clientNonce: Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) }, .url)
        ).authorization
    }

    /// Takes the challenge of a response of 401; whether it is worth answering.
    ///
    /// - Parameter wasSent: whether the request had an answer already, which must have been wrong unless its nonce was stale.
    func learn(from response: HTTPClientResponse, for request: HTTPClientRequest, wasSent: Bool) -> Bool {
        guard let challenge = DigestChallenge.best(of: response.fields[values: .wwwAuthenticate]) else { return false }
        let origin = request.url.origin
        let known = sessions[origin]?.challenge
        guard !wasSent || challenge.isStale || known?.realm != challenge.realm else {
            sessions[origin] = nil
            return false
        }
        if sessions.count >= Self.most { sessions = [:] }
        sessions[origin] = Session(challenge: challenge)
        return true
    }
}

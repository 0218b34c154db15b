import MartletHTTP

/// The challenges of WWW-Authenticate, RFC 9110 §11.6.1, as far as a client answers them: those of the scheme Digest.
nonisolated struct DigestChallenge: Equatable {
    enum Algorithm: String {
        case md5 = "MD5"
        case md5Session = "MD5-sess"
        case sha256 = "SHA-256"
        case sha256Session = "SHA-256-sess"

        var isSession: Bool { self == .md5Session || self == .sha256Session }
        var isSHA256: Bool { self == .sha256 || self == .sha256Session }
    }

    let realm: String
    let nonce: String
    let opaque: String?
    let algorithm: Algorithm
    /// Whether the server knows `qop=auth`; otherwise it is one of RFC 2069.
    let hasQuality: Bool
    /// The nonce was good but has grown old: the password is not wrong.
    let isStale: Bool

    /// The best challenge among those of the fields that can be answered, SHA-256 before MD5; `nil` when there is none.
    static func best(of fields: [String]) -> DigestChallenge? {
        let all = fields.flatMap { ChallengeList.read($0) }.compactMap(DigestChallenge.init)
        return all.first { $0.algorithm.isSHA256 } ?? all.first
    }

    private init?(_ challenge: ChallengeList.Item) {
        guard challenge.scheme.lowercased() == "digest", let nonce = challenge["nonce"], let realm = challenge["realm"]
        else { return nil }
        switch (challenge["algorithm"] ?? "MD5").lowercased() {
        case "md5": algorithm = .md5
        case "md5-sess": algorithm = .md5Session
        case "sha-256": algorithm = .sha256
        case "sha-256-sess": algorithm = .sha256Session
        default: return nil
        }
        let qualities = challenge["qop"]?.split(whereSeparator: { ", \t".contains($0) }).map { $0.lowercased() }
        if let qualities, !qualities.contains("auth") { return nil }
        hasQuality = qualities != nil
        self.realm = realm
        self.nonce = nonce
        opaque = challenge["opaque"]
        isStale = challenge["stale"]?.lowercased() == "true"
    }
}

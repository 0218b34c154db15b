/// A certificate as `show info`, `show stat` and `tls reload` tell of it.
nonisolated struct CertificateFacts: Encodable, Sendable {
    /// The listener's name in the configuration.
    let listener: String
    let file: String
    let subject: String
    let names: [String]
    /// Seconds since 1970.
    let notBefore: Int64
    /// Seconds since 1970.
    let notAfter: Int64
    /// The same, for people.
    let expires: String
    /// Negative when it has expired.
    let daysLeft: Int
    /// SHA-256, in hexadecimal digits.
    let fingerprint: String

    private enum CodingKeys: String, CodingKey {
        case listener, file, subject, names, expires, fingerprint
        case notBefore = "not_before"
        case notAfter = "not_after"
        case daysLeft = "days_left"
    }

    init(_ certificate: ServedCertificate, at unixTime: Int64) {
        listener = certificate.listener
        file = certificate.file
        subject = certificate.subject
        names = certificate.names
        notBefore = certificate.notBefore
        notAfter = certificate.notAfter
        expires = "\(UTCTime(certificate.notAfter))"
        daysLeft = certificate.daysLeft(at: unixTime)
        fingerprint = certificate.fingerprint
    }

    /// What it is mostly called.
    var name: String { names.first ?? subject }

    /// `example.org, www.example.org: 89 days left, until 2027-03-01 12:00:00 UTC (web, /etc/…/fullchain.pem)`
    var text: String {
        let names = names.isEmpty ? subject : names.joined(separator: ", ")
        let left = daysLeft < 0 ? "expired" : daysLeft == 1 ? "1 day left" : "\(daysLeft) days left"
        // Names come from a file: none of them is to look like another line.
        return "\(names): \(left), until \(expires) (\(listener), \(file))"
            .split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// What tells it from others in metrics.
    var labels: [(String, String)] { [("listener", listener), ("name", name), ("file", file)] }
}

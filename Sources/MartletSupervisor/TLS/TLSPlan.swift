/// What the supervisor has to know of the certificates of a configuration; made anew at each reload, and whenever the files
/// change.
public nonisolated struct TLSPlan: Sendable {
    /// Certificates and keys as the workers read them: in a sealed memory file, and nowhere else.
    public var material: [UInt8]
    /// The files that it comes from.
    public var files: [String]
    /// What these were like just before they were read.
    public var signatures: [FileSignature]
    /// The certificates, for people.
    public var certificates: [ServedCertificate]
    /// How often ticket keys change.
    public var ticketRotation: Duration = .seconds(12 * 3600)
    /// Whether changed files take effect by themselves.
    public var watchesFiles = true
    /// Days before a certificate expires from which on there is a warning a day.
    public var warningDays = 14
    /// What is not wrong, but should not be left so.
    public var remarks: [String] = []
    /// Reads the same files anew; throws what is wrong with them.
    public var reload: @MainActor @Sendable () throws -> TLSPlan

    /// A plan with the default times.
    public init(
        material: [UInt8], files: [String], signatures: [FileSignature], certificates: [ServedCertificate],
        reload: @escaping @MainActor @Sendable () throws -> TLSPlan
    ) {
        self.material = material
        self.files = files
        self.signatures = signatures
        self.certificates = certificates
        self.reload = reload
    }

    /// Everything that there is to say about the certificates and their files.
    public func warnings(at unixTime: Int64) -> [String] {
        certificates.compactMap { $0.warning(at: unixTime, withinDays: warningDays) } + remarks
    }
}

/// A certificate that the service shows to clients.
public nonisolated struct ServedCertificate: Hashable, Sendable {
    /// The listener's name in the configuration.
    public var listener: String
    /// The file.
    public var file: String
    /// Who it is for, as it says itself: `CN=example.org`.
    public var subject: String
    /// The names of hosts, and addresses, that it is good for.
    public var names: [String]
    /// From when on it is good, in seconds since 1970.
    public var notBefore: Int64
    /// Until when, in seconds since 1970.
    public var notAfter: Int64
    /// SHA-256 of the certificate, in hexadecimal digits.
    public var fingerprint: String

    /// A certificate.
    public init(
        listener: String, file: String, subject: String, names: [String], notBefore: Int64, notAfter: Int64,
        fingerprint: String
    ) {
        self.listener = listener
        self.file = file
        self.subject = subject
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.fingerprint = fingerprint
    }

    /// Whole days until it expires, rounded down; negative when it has.
    func daysLeft(at unixTime: Int64) -> Int {
        let (seconds, overflow) = notAfter.subtractingReportingOverflow(unixTime)
        guard !overflow else { return notAfter > unixTime ? .max : .min }
        return Int(seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
    }

    /// What there is to say about its time; `nil` while all is well.
    func warning(at unixTime: Int64, withinDays days: Int) -> String? {
        let what = "the certificate for \(names.first ?? subject) (\(file))"
        if notBefore > unixTime {
            return "\(what) is not valid before \(UTCTime(notBefore)): clients refuse it; check the clock, or the file"
        }
        let left = daysLeft(at: unixTime)
        if left < 0 {
            return "\(what) expired on \(UTCTime(notAfter)): clients refuse it; renew it, and replace the file"
        }
        guard left < days else { return nil }
        let inDays = left == 0 ? "today" : left == 1 ? "in a day" : "in \(left) days"
        return "\(what) expires \(inDays), on \(UTCTime(notAfter)); renew it, and replace the file"
    }
}

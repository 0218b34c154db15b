/// Which certificates need care, so that each is told of once a day.
nonisolated struct CertificateWarnings {
    private var told: [String: Int64] = [:]

    private static let interval: Int64 = 86_400

    /// What is to be said now.
    mutating func due(_ plan: TLSPlan, at unixTime: Int64) -> [String] {
        var due: [String] = []
        var present: Set<String> = []
        for certificate in plan.certificates where present.insert(certificate.fingerprint).inserted {
            guard let warning = certificate.warning(at: unixTime, withinDays: plan.warningDays) else { continue }
            if let last = told[certificate.fingerprint], unixTime >= last, unixTime - last < Self.interval { continue }
            told[certificate.fingerprint] = unixTime
            due.append(warning)
        }
        told = told.filter { present.contains($0.key) }
        return due
    }
}

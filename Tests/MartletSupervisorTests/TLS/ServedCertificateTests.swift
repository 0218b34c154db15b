import Testing

@testable import MartletSupervisor

@Suite("Certificates' time")
struct ServedCertificateTests {
    private static let day: Int64 = 86_400
    private static let now: Int64 = 1_800_000_000

    private func certificate(from: Int64 = 0, until: Int64, fingerprint: String = "f") -> ServedCertificate {
        ServedCertificate(
            listener: "web", file: "/c.pem", subject: "CN=x", names: ["x.org"], notBefore: from, notAfter: until,
            fingerprint: fingerprint)
    }

    @Test(
        "days left are whole ones, rounded down",
        arguments: [
            (0, 0), (1, 0), (86_399, 0), (86_400, 1), (86_400 * 90, 90), (-1, -1), (-86_400, -1), (-86_401, -2),
        ])
    func daysLeft(seconds: Int64, days: Int) {
        #expect(certificate(until: Self.now + seconds).daysLeft(at: Self.now) == days)
    }

    @Test("times that no clock has are no trap", arguments: [Int64.min, .max])
    func extremes(time: Int64) {
        _ = certificate(until: time).daysLeft(at: Self.now)
        _ = certificate(until: time).daysLeft(at: .min)
        _ = certificate(until: time).daysLeft(at: .max)
        #expect(!"\(UTCTime(time))".isEmpty)
    }

    @Test("a warning says what is the matter and when")
    func warning() throws {
        #expect(certificate(until: Self.now + 14 * Self.day).warning(at: Self.now, withinDays: 14) == nil)
        #expect(
            certificate(until: Self.now + 13 * Self.day).warning(at: Self.now, withinDays: 14)
                == "the certificate for x.org (/c.pem) expires in 13 days, on 2027-01-28 08:00:00 UTC; renew it, and replace the file"
        )
        let expired = try #require(certificate(until: Self.now - 1).warning(at: Self.now, withinDays: 0))
        #expect(expired.contains("expired on 2027-01-15 07:59:59 UTC"))
        let early = try #require(
            certificate(from: Self.now + 1, until: Self.now + 2).warning(at: Self.now, withinDays: 0))
        #expect(early.contains("not valid before 2027-01-15 08:00:01 UTC"))
    }

    @Test("each certificate is told of once a day, also after a reload, and one of several listeners once")
    func warnings() {
        var plan = TLSPlan(
            material: [], files: [], signatures: [], certificates: [certificate(until: Self.now + Self.day)]
        ) {
            throw PlanError(text: "not here")
        }
        plan.certificates.append(certificate(until: Self.now + Self.day))
        var warnings = CertificateWarnings()
        #expect(warnings.due(plan, at: Self.now).count == 1)
        #expect(warnings.due(plan, at: Self.now + Self.day - 1).isEmpty)
        #expect(warnings.due(plan, at: Self.now + Self.day).count == 1)
        plan.certificates[0].fingerprint = "g"
        #expect(warnings.due(plan, at: Self.now + Self.day).count == 1)
        plan.certificates = []
        #expect(warnings.due(plan, at: Self.now + Self.day).isEmpty)
    }
}

import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Renewing certificates")
    struct CertificateRenewal {
        @Test("under load, other certificates take effect without an error, a lost connection or another worker")
        func underLoad() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table(), { $0.tlsService = ["watch": "false"] }) { daemon in
                    let kept = try Load(on: daemon, connections: 4, .kept)
                    let fresh = try Load(on: daemon, connections: 4, .oneRequestEach)
                    let workers = try await daemon.workers().map(\.pid)
                    var shown: Set<String> = [try await daemon.shownCertificate()]
                    for _ in 0..<10 {
                        try await authority.issue("web")
                        try await daemon.mustControl("tls", "reload")
                        #expect(
                            shown.insert(try await daemon.shownCertificate()).inserted, "a new one is shown at once")
                    }
                    for result in [try await kept.finish(), try await fresh.finish()] {
                        #expect(result.failures == 0, "\(result)")
                        #expect(result.requests > 100)
                    }
                    #expect(try await daemon.workers().map(\.pid) == workers)
                    try await daemon.expect("certificate_reloads_succeeded", becomes: 10)
                    let again = try await daemon.control("tls", "reload")
                    #expect(again.output.hasPrefix("nothing has changed"), "\(again)")
                }
            }
        }

        @Test("a connection that is open goes on, with what it has agreed on")
        func openConnection() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table()) { daemon in
                    let client = try TestScript.startClient(
                        "with-tls", [daemon.address, authority.root, "kept:\(daemon.directory.file("go"))"])
                    try await eventually("it has its first answer; it wrote \(client.errors)") {
                        client.output.contains("first")
                    }
                    try await authority.issue("web")
                    try await daemon.mustControl("tls", "reload")
                    try TextFile.write("", to: daemon.directory.file("go"))
                    #expect(try await client.finish().status == .exited(0), "\(client.errors)")
                }
            }
        }

        @Test("files that are replaced as certbot does it take effect by themselves, and the log says so")
        func changedFiles() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                let live = TestAuthority.Certificate(
                    certificate: authority.directory.file("live.pem"), key: authority.directory.file("live.key"))
                func link(to certificate: TestAuthority.Certificate) {
                    for (target, name) in [(certificate.certificate, live.certificate), (certificate.key, live.key)] {
                        unlink(name)
                        symlink(target, name)
                    }
                }
                link(to: certificate)
                try await Daemon.runSecure(live.table()) { daemon in
                    let first = try await daemon.shownCertificate()
                    let workers = try await daemon.workers().map(\.pid)
                    link(to: try await authority.issue("next"))
                    try await eventually("the new certificate is shown") {
                        try await daemon.shownCertificate() != first
                    }
                    #expect(try await daemon.workers().map(\.pid) == workers)
                    #expect(daemon.program.errors.contains("the files of certificates have changed"))

                    // Half of a pair is refused, and said so; the other half heals it.
                    let second = try await daemon.shownCertificate()
                    let third = try await authority.issue("third")
                    unlink(live.certificate)
                    symlink(third.certificate, live.certificate)
                    try await eventually("the half is refused") {
                        try await daemon.control("show", "errors").output.contains(live.key)
                    }
                    #expect(try await daemon.shownCertificate() == second)
                    link(to: third)
                    try await eventually("the whole is shown") { try await daemon.shownCertificate() != second }
                    try await daemon.expect("certificate_reloads_failed", reaches: 1)
                }
            }
        }

        @Test("what cannot be used is refused at check, at reload and at tls reload, with file, key and advice")
        func refused() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                let other = try await authority.issue("other")
                let encrypted = authority.directory.file("encrypted.key")
                try await authority.openssl(
                    "pkey", "-in", certificate.key, "-aes256", "-passout", "pass:x", "-out", encrypted)
                let noise = authority.directory.file("noise.pem")
                try TextFile.write("no PEM at all\n", to: noise)
                let absent = authority.directory.file("absent.pem")
                let cases: [(certificate: String, key: String, says: [String])] = [
                    (certificate.certificate, other.key, [certificate.certificate, other.key]),
                    (certificate.certificate, encrypted, [encrypted, "encrypted"]),
                    (noise, certificate.key, [noise]),
                    (certificate.certificate, noise, [noise]),
                    (absent, certificate.key, [absent, "no such file"]),
                ]
                try await Daemon.runSecure(certificate.table(), { $0.tlsService = ["watch": "false"] }) { daemon in
                    let shown = try await daemon.shownCertificate()
                    for wrong in cases {
                        let table = "[listen.tls]\ncertificate = \"\(wrong.certificate)\"\nkey = \"\(wrong.key)\""
                        try daemon.reconfigure { $0.tls = table }
                        let check = try await Program.run(
                            [try Binaries.path("martletd"), "check", "--config", daemon.configurationFile])
                        #expect(check.status == .exited(2), "\(check)")
                        let reload = try await daemon.control("reload")
                        #expect(reload.status == .exited(1), "\(reload)")
                        for words in wrong.says + ["martlet.toml:"] {
                            #expect(check.errors.contains(words), "\(words): \(check)")
                            #expect(reload.errors.contains(words), "\(words): \(reload)")
                        }
                    }
                    try daemon.reconfigure { _ in }
                    // The same of the files that are in use.
                    let key = try #require(TextFile.read(certificate.key))
                    try TextFile.write(try #require(TextFile.read(other.key)), to: certificate.key)
                    let mismatch = try await daemon.control("tls", "reload")
                    #expect(mismatch.status == .exited(1), "\(mismatch)")
                    #expect(mismatch.errors.contains(certificate.key), "\(mismatch)")
                    #expect(try await daemon.shownCertificate() == shown)
                    try TextFile.write(key, to: certificate.key)
                    try await daemon.mustControl("tls", "reload")
                }
            }
        }

        @Test("an expired certificate, or one that soon is, is a warning: at check, in the log and at tls reload")
        func expired() async throws {
            try await TestAuthority.with { authority in
                let old = try await authority.issue(
                    "old", from: "20200101000000Z", until: "20200201000000Z")
                try await Daemon.runSecure(old.table()) { daemon in
                    let check = try await Program.run(
                        [try Binaries.path("martletd"), "check", "--config", daemon.configurationFile])
                    #expect(check.status == .exited(0), "\(check)")
                    #expect(check.errors.contains("expired on 2020-02-01 00:00:00 UTC"), "\(check)")
                    #expect(try await daemon.control("show", "errors").output.contains("expired on 2020-02-01"))
                    let days = try await daemon.query("/v1/info")["certificates"]?.array?.first?["days_left"]?.number
                    #expect((days ?? 0) < -2000)
                    let reload = try await daemon.control("tls", "reload")
                    #expect(reload.output.contains("warning: the certificate for localhost"), "\(reload)")
                }
            }
        }

        @Test(
            "an OCSP response that is none for the certificate is left out with a warning, and keeps nobody from renewing"
        )
        func foreignStaple() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                let staple = authority.directory.file("web.der")
                try TextFile.write("no response\n", to: staple)
                try await Daemon.runSecure(certificate.table("ocsp = \"\(staple)\"")) { daemon in
                    #expect(try await daemon.control("show", "errors").output.contains(staple))
                    try await authority.issue("web")
                    let reload = try await daemon.control("tls", "reload")
                    #expect(
                        reload.status == .exited(0) && reload.output.contains("warning: the OCSP response"), "\(reload)"
                    )
                    #expect(try await daemon.secureCurl("/World", trusting: authority.root).output == "Hello, World")
                }
            }
        }

        @Test("tls reload says so where there is no TLS, and HTTP has the same answers")
        func withoutTLS() async throws {
            try await Daemon.run { daemon in
                let reload = try await daemon.control("tls", "reload")
                #expect(reload.status == .exited(1) && reload.errors.contains("no listener has TLS"), "\(reload)")
            }
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table()) { daemon in
                    let json = try await daemon.control("--json", "tls", "reload")
                    let answer = try JSONValue(parsing: json.output)
                    #expect(answer["ok"] == .bool(true), "\(json)")
                    #expect(answer["certificates"]?.array?.count == 1, "\(json)")
                }
            }
        }
    }
}

import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("TLS")
    struct TLS {
        @Test("curl, openssl and python are served by TLS 1.3 and 1.2, and nothing older")
        func clients() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table()) { daemon in
                    for version in ["1.2", "1.3"] {
                        let hello = try await daemon.secureCurl(
                            "/World", trusting: authority.root, "--tlsv\(version)", "--tls-max", version)
                        #expect(hello.output == "Hello, World", "\(hello)")
                    }
                    let python = try await TestScript.runClient("with-tls", daemon.address, authority.root, "checks")
                    #expect(python.status == .exited(0), "\(python)")
                    let total = try await daemon.total("tls_handshakes")
                    #expect(total >= 2)
                }
            }
        }

        @Test("a client gets the certificate for the name that it asks for, and the first one for any other")
        func names() async throws {
            try await TestAuthority.with { authority in
                let first = try await authority.issue("a", names: ["DNS:a.test"], subject: "/CN=a.test")
                let second = try await authority.issue(
                    "b", names: ["DNS:b.test", "DNS:*.b.test"], subject: "/CN=b.test")
                let table = [first, second].reduce("[listen.tls]\n") {
                    $0 + "[[listen.tls.certificate]]\nfile = \"\($1.certificate)\"\nkey = \"\($1.key)\"\n"
                }
                try await Daemon.runSecure(table) { daemon in
                    for host in ["a.test", "b.test", "www.b.test"] {
                        let hello = try await daemon.secureCurl("/World", host: host, trusting: authority.root)
                        #expect(hello.output == "Hello, World", "\(host): \(hello)")
                    }
                    #expect(try await daemon.shownCertificate(for: "other.test").contains("DNS:a.test"))
                    #expect(try await daemon.shownCertificate().contains("DNS:a.test"))
                    #expect(try await daemon.shownCertificate(for: "x.y.b.test").contains("DNS:a.test"))
                    let info = try await daemon.query("/v1/info")["certificates"]?.array
                    #expect(info?.map { $0["names"]?.array?[0].string } == ["a.test", "b.test"])
                }
            }
        }

        @Test("a session of one worker goes on with any other, after a crash, a reload and a rotation of keys")
        func resumption() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(
                    certificate.table(),
                    {
                        $0.binary = "web-program"
                        $0.tlsService = ["ticket_rotation": "\"10m\""]
                    }
                ) { daemon in
                    func resume(_ mode: String) async throws {
                        let result = try await TestScript.runClient("with-tls", daemon.address, authority.root, mode)
                        #expect(result.status == .exited(0), "\(mode): \(result)")
                    }
                    let sessions = daemon.directory.file("sessions")
                    try await resume("save:\(sessions)")
                    try await resume("two-workers")
                    try await resume("resume:\(sessions)")
                    for pid in daemon.workerProcesses { kill(pid, SIGKILL) }
                    try await eventually("both workers are there again") {
                        try await daemon.workers().count { $0.state == "ready" } == 2
                    }
                    try await resume("resume:\(sessions)")
                    try await daemon.mustControl("reload")
                    try await daemon.settle(on: 2)
                    try await resume("resume:\(sessions)")
                    try await daemon.expect("tls_handshakes_resumed", reaches: 1)
                }
            }
        }

        @Test("ticket keys rotate without a restart; tickets of the last two are still accepted, older ones are not")
        func rotation() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(
                    certificate.table(),
                    {
                        $0.tlsService = ["ticket_rotation": "\"1s\""]
                        $0.log = ["level": "\"info\""]
                    }
                ) { daemon in
                    let sessions = daemon.directory.file("sessions")
                    let before = Set(daemon.workerProcesses)
                    func session(_ mode: String) async throws -> Program.Result {
                        try await TestScript.runClient("with-tls", daemon.address, authority.root, mode)
                    }
                    #expect(try await session("save:\(sessions)").status == .exited(0))
                    #expect(try await session("resume:\(sessions)").status == .exited(0))
                    let rotations = {
                        daemon.program.errors.split(separator: "\n").count { $0.contains("session tickets") }
                    }
                    let start = rotations()
                    try await eventually("the keys have changed four times more", within: .seconds(30)) {
                        rotations() >= start + 4
                    }
                    try await eventually("an old ticket is not accepted any more", within: .seconds(30)) {
                        try await session("refused:\(sessions)").status == .exited(0)
                    }
                    #expect(Set(daemon.workerProcesses) == before)
                }
            }
        }

        @Test("without tickets no session is resumed")
        func noTickets() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table("tickets = false")) { daemon in
                    let result = try await TestScript.runClient(
                        "with-tls", daemon.address, authority.root, "no-tickets")
                    #expect(result.status == .exited(0), "\(result)")
                    #expect(try await daemon.total("tls_handshakes_resumed") == 0)
                }
            }
        }

        @Test("a required certificate is required, and its subject reaches the handler")
        func requiredCertificates() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                let client = try await authority.issue("ada", names: [], subject: "/CN=ada")
                let table = certificate.table(
                    "client_certificates = \"required\"\nclient_roots = \"\(authority.root)\"")
                try await Daemon.runSecure(table, { $0.binary = "web-program" }) { daemon in
                    let without = try await daemon.secureCurl("/tls", trusting: authority.root)
                    #expect(without.status != .exited(0), "\(without)")
                    let with = try await daemon.secureCurl(
                        "/tls", trusting: authority.root, "--cert", client.certificate, "--key", client.key)
                    #expect(try JSONValue(parsing: with.output)["subject"]?.string == "CN=ada", "\(with)")
                    try await TestAuthority.with { stranger in
                        let other = try await stranger.issue("eve", names: [], subject: "/CN=ada")
                        let refused = try await daemon.secureCurl(
                            "/tls", trusting: authority.root, "--cert", other.certificate, "--key", other.key)
                        #expect(refused.status != .exited(0), "\(refused)")
                    }
                    try await daemon.expect("tls_certificates_refused", becomes: 2)
                    try await daemon.expect("tls_handshakes_failed", becomes: 2)
                }
            }
        }

        @Test("an optional certificate may be missing, and sessions of another address do not stand in for one")
        func optionalCertificates() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                let client = try await authority.issue("ada", names: [], subject: "/CN=ada")
                let roots = "client_roots = \"\(authority.root)\""
                let strict = try FreePort.choose()
                // Two addresses, of which one asks and one requires: their tickets are encrypted with the same keys.
                let table =
                    certificate.table("client_certificates = \"optional\"\n\(roots)")
                    + "\n[[listen]]\naddress = \"127.0.0.1:\(strict)\"\n"
                    + certificate.table("client_certificates = \"required\"\n\(roots)")
                try await Daemon.runSecure(table, { $0.binary = "web-program" }) { daemon in
                    let without = try await daemon.secureCurl("/tls", trusting: authority.root)
                    #expect(try JSONValue(parsing: without.output)["subject"] == nil, "\(without)")
                    #expect(try JSONValue(parsing: without.output)["scheme"]?.string == "https")
                    let with = try await daemon.secureCurl(
                        "/tls", trusting: authority.root, "--cert", client.certificate, "--key", client.key)
                    #expect(try JSONValue(parsing: with.output)["subject"]?.string == "CN=ada", "\(with)")
                    let borrowed = try await TestScript.runClient(
                        "with-tls", daemon.address, authority.root, "borrow:127.0.0.1:\(strict)")
                    #expect(borrowed.status == .exited(0), "\(borrowed)")
                }
            }
        }

        @Test("who speaks plain HTTP to it is told so, and browsers are told to stay with https")
        func plainHTTP() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table(), { $0.binary = "web-program" }) { daemon in
                    let plain = try await daemon.curl("/tls", "-i")
                    #expect(plain.status == .exited(0), "\(plain)")
                    #expect(plain.output.hasPrefix("HTTP/1.1 400 "), "\(plain)")
                    #expect(plain.output.lowercased().contains("https"), "\(plain)")
                    try await daemon.expect("tls_plain_http", becomes: 1)
                    let secure = try await daemon.secureCurl("/tls", trusting: authority.root, "-i")
                    #expect(secure.output.lowercased().contains("strict-transport-security: max-age="), "\(secure)")
                }
            }
            var settings = DaemonSettings()
            settings.binary = "web-program"
            try await Daemon.run(settings) { daemon in
                let plain = try await daemon.curl("/tls", "-i")
                #expect(plain.output.hasPrefix("HTTP/1.1 200 "), "\(plain)")
                #expect(!plain.output.lowercased().contains("strict-transport-security"), "\(plain)")
            }
        }

        @Test("a handshake has its time, and those that stall hold nobody up")
        func stalledHandshakes() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table("handshake_timeout = \"1s\""), { $0.workers = 1 }) {
                    daemon in
                    let stalled = try await TestScript.runClient(
                        "with-tls", daemon.address, authority.root, "stalled:64")
                    #expect(stalled.status == .exited(0), "\(stalled)")
                    try await daemon.expect("tls_handshakes_timed_out", becomes: 64)
                    try await eventually("no handshake is under way") {
                        try await daemon.total("tls_handshakes_active") == 0
                    }
                }
            }
        }

        @Test("handshakes beyond the bound are refused and counted, and the next ones served")
        func boundOnHandshakes() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                let table = certificate.table("handshakes = 8\nhandshake_timeout = \"2s\"")
                try await Daemon.runSecure(table, { $0.workers = 1 }) { daemon in
                    let bounded = try await TestScript.runClient(
                        "with-tls", daemon.address, authority.root, "bounded:8")
                    #expect(bounded.status == .exited(0), "\(bounded)")
                    try await daemon.expect("tls_handshakes_refused", reaches: 1)
                }
            }
        }

        @Test("keys show neither in arguments nor in the environment nor in the log")
        func secrecy() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                let key = try #require(TextFile.read(certificate.key))
                let secret = String(key.split(separator: "\n")[1])
                try await Daemon.runSecure(certificate.table(), { $0.log = ["level": "\"trace\""] }) { daemon in
                    try await daemon.mustControl("reload")
                    try await authority.issue("web")
                    try await daemon.mustControl("tls", "reload")
                    for pid in daemon.processes {
                        for name in ["cmdline", "environ"] {
                            #expect(TextFile.read("/proc/\(pid)/\(name)")?.contains(secret) == false)
                        }
                    }
                    #expect(!daemon.program.errors.contains(secret))
                    #expect(!daemon.program.errors.contains("PRIVATE KEY"))
                }
            }
        }

        @Test("workers of root run as another user, with keys that only root may read")
        func anotherUser() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                chmod(certificate.key, 0o600)
                // Who is not root can only stay what it is.
                let isRoot = geteuid() == 0
                let user = isRoot ? "nobody" : String(cString: getpwuid(geteuid()).pointee.pw_name)
                let number = getpwnam(user).pointee.pw_uid
                try await Daemon.runSecure(certificate.table(), { $0.environment = ["MARTLET_USER=\(user)"] }) {
                    daemon in
                    #expect(try await daemon.secureCurl("/World", trusting: authority.root).output == "Hello, World")
                    try await daemon.mustControl("reload")
                    try await authority.issue("web")
                    try await daemon.mustControl("tls", "reload")
                    #expect(try await daemon.secureCurl("/World", trusting: authority.root).output == "Hello, World")
                    for pid in daemon.workerProcesses {
                        let status = TextFile.read("/proc/\(pid)/status") ?? ""
                        #expect(status.contains("Uid:\t\(number)\t\(number)\t\(number)\t\(number)\n"), "\(status)")
                    }
                    let supervisor = TextFile.read("/proc/\(daemon.pid)/status") ?? ""
                    #expect(supervisor.contains("Uid:\t\(geteuid())\t"))
                }
            }
        }

        @Test("every process still has one thread")
        func oneThread() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table()) { daemon in
                    #expect(try await daemon.secureCurl("/World", trusting: authority.root).output == "Hello, World")
                    try await authority.issue("web")
                    try await daemon.mustControl("tls", "reload")
                    for pid in daemon.processes { #expect(ProcessTable.threads(of: pid) == 1) }
                }
            }
        }

        @Test("one process in the foreground serves with a certificate of the command line, made by tls self-signed")
        func selfSigned() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let control = try Binaries.path("martletctl")
            let words = ["tls", "self-signed", "--name", "localhost", "--name", "127.0.0.1", "--out", directory.path]
            let made = try await Program.run([control] + words)
            #expect(made.status == .exited(0), "\(made)")
            #expect(made.output.contains("[listen.tls]\ncertificate = \"\(directory.file("certificate.pem"))\""))
            var facts = stat()
            #expect(stat(directory.file("key.pem"), &facts) == 0 && facts.st_mode & 0o777 == 0o600)
            let again = try await Program.run([control] + words)
            #expect(again.status == .exited(1) && again.errors.contains("--force"), "\(again)")
            let json = try await Program.run([control, "--json", "--force"] + words)
            #expect(try JSONValue(parsing: json.output)["names"]?.array?.count == 2, "\(json)")

            let address = "127.0.0.1:\(try FreePort.choose())"
            let program = try Program([
                try Binaries.path("hello"), "run", "--foreground", "--listen", address, "--tls-certificate",
                directory.file("certificate.pem"), "--tls-key", directory.file("key.pem"),
            ])
            let curl = ["curl", "-sS", "--max-time", "5", "--cacert", directory.file("certificate.pem")]
            try await eventually("it greets by TLS; it wrote \(program.errors)") {
                try await Program.run(curl + ["https://\(address)/World"]).output == "Hello, World"
            }
            try program.signal(SIGTERM)
            #expect(try await program.finish().status == .exited(0))
        }

        @Test("show info, show stat and the metrics tell of certificates and handshakes")
        func observability() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table()) { daemon in
                    #expect(try await daemon.secureCurl("/World", trusting: authority.root).output == "Hello, World")
                    let info = try await daemon.query("/v1/info")["certificates"]?.array?.first
                    #expect(info?["days_left"]?.number == 20)
                    #expect(info?["listener"]?.string == "listener0")
                    #expect(info?["fingerprint"]?.string?.count == 64)
                    let text = try await daemon.control("show", "info").output
                    #expect(text.contains("certificate: localhost, 127.0.0.1: 20 days left, until "), "\(text)")
                    let stat = try await daemon.control("show", "stat").output
                    #expect(stat.contains("certificate_days_left{listener=\"listener0\",name=\"localhost\""), "\(stat)")
                    let metrics = try await daemon.control("show", "metrics").output
                    #expect(
                        metrics.contains(
                            "martlet_certificate_days_left{listener=\"listener0\",name=\"localhost\",file=\""))
                    for name in [
                        "handshakes", "handshakes_resumed", "handshakes_failed", "handshakes_refused",
                        "handshakes_timed_out", "handshakes_abandoned", "certificates_refused", "protocol_errors",
                        "plain_http",
                    ] {
                        #expect(metrics.contains("# TYPE martlet_tls_\(name)_total counter"), "\(name)")
                    }
                    #expect(metrics.contains("# TYPE martlet_tls_handshakes_active gauge"))
                }
            }
        }
    }
}

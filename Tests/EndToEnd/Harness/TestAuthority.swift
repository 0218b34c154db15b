import Glibc

/// An authority of one test's own, and the certificates that it issues: files that openssl makes.
final class TestAuthority {
    /// A certificate and its key, as files.
    struct Certificate {
        let certificate: String
        let key: String

        /// The keys of `[listen.tls]` that name them.
        var keys: String { "certificate = \"\(certificate)\"\nkey = \"\(key)\"" }

        /// The one `[listen.tls]`, with further keys.
        func table(_ further: String = "") -> String { "[listen.tls]\n\(keys)\n\(further)" }
    }

    let directory: TemporaryDirectory
    private var serial = 1

    /// The authority's own certificate.
    var root: String { directory.file("root.pem") }

    /// Lends an authority to `body`, and removes it with everything that it has made.
    static func with(_ body: (TestAuthority) async throws -> Void) async throws {
        let authority = try TestAuthority()
        do {
            try await authority.openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj",
                "/CN=Test Root", "-keyout", authority.directory.file("root.key"), "-out", authority.root)
            try await body(authority)
        } catch {
            authority.directory.remove()
            throw error
        }
        authority.directory.remove()
    }

    private init() throws {
        directory = try TemporaryDirectory()
        try TextFile.write("", to: directory.file("index"))
    }

    /// Issues a certificate.
    ///
    /// - Parameters:
    ///   - file: what its files are called: `web.pem` and `web.key`.
    ///   - names: as openssl writes them in subjectAltName: `DNS:example.org`; none for clients.
    ///   - from, until: times as `20260131120000Z`. Without `until` it ends in 20 days and a half, so that 20 whole days
    ///     are left however long a test takes.
    @discardableResult
    func issue(
        _ file: String, names: [String] = ["DNS:localhost", "IP:127.0.0.1"], subject: String = "/CN=localhost",
        from: String? = nil, until: String? = nil
    ) async throws -> Certificate {
        serial += 1
        let (certificate, key) = (directory.file("\(file).pem"), directory.file("\(file).key"))
        let (request, settings) = (directory.file("\(file).csr"), directory.file("\(file).cnf"))
        try await openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
            "-keyout", key, "-out", request)
        try TextFile.write(
            """
            [ca]
            default_ca = root
            [root]
            database = \(directory.file("index"))
            new_certs_dir = \(directory.path)
            rand_serial = yes
            unique_subject = no
            policy = any
            default_md = sha256
            [any]
            commonName = supplied
            [leaf]
            basicConstraints = critical, CA:FALSE
            extendedKeyUsage = serverAuth, clientAuth
            \(names.isEmpty ? "" : "subjectAltName = \(names.joined(separator: ","))")
            """, to: settings)
        let end = until ?? Self.utc(hoursFromNow: 20 * 24 + 12)
        let times = (from.map { ["-startdate", $0] } ?? []) + ["-enddate", end]
        try await openssl(
            [
                "ca", "-batch", "-notext", "-config", settings, "-extensions", "leaf", "-in", request, "-out",
                certificate,
            ]
                + ["-cert", root, "-keyfile", directory.file("root.key")] + times)
        return Certificate(certificate: certificate, key: key)
    }

    /// A time as openssl takes it: `20260131120000Z`.
    private static func utc(hoursFromNow hours: Int) -> String {
        var seconds = time(nil) + hours * 3600
        var fields = tm()
        gmtime_r(&seconds, &fields)
        var text = [CChar](repeating: 0, count: 16)
        let count = strftime(&text, text.count, "%Y%m%d%H%M%SZ", &fields)
        return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Runs openssl, and throws unless it succeeds.
    @discardableResult
    func openssl(_ words: String...) async throws -> Program.Result { try await openssl(words) }

    @discardableResult
    private func openssl(_ words: [String]) async throws -> Program.Result {
        let result = try await Program.run(["openssl"] + words)
        guard result.status == .exited(0) else { throw Failure("openssl \(words): \(result)") }
        return result
    }
}

import FoundationEssentials
import Glibc
import MartletLoop
import MartletSupervisor
import MartletTLS

/// `tls self-signed`: makes a key and a certificate that vouches for itself, for trying out. Needs no daemon.
nonisolated struct SelfSignedCertificate {
    private let directory: String
    private let names: [String]
    private let days: Int
    private let replaces: Bool

    /// What was made.
    struct Result: Encodable {
        let certificate: String
        let key: String
        let names: [String]
        /// Seconds since 1970.
        let notAfter: Int64

        private enum CodingKeys: String, CodingKey {
            case certificate, key, names
            case notAfter = "not_after"
        }
    }

    init(_ options: SelfSignedOptions) {
        directory = options.out ?? "."
        names = options.name.isEmpty ? ["localhost", "127.0.0.1", "::1"] : options.name
        days = options.days ?? 365
        replaces = options.force
    }

    /// Writes the two files, and returns what to tell about them.
    func make() throws -> Result {
        let identity = try TLSIdentity.selfSigned(names: names, validFor: .seconds(days * 86_400))
        try makeDirectory()
        let place = try absolute(directory)
        let result = Result(
            certificate: "\(place)/certificate.pem", key: "\(place)/key.pem", names: identity.certificate.names,
            notAfter: identity.certificate.notAfter)
        if !replaces {
            for path in [result.key, result.certificate] where access(path, F_OK) == 0 {
                throw SystemError("write \(path)", code: EEXIST, advice: "choose another --out, or add --force")
            }
        }
        // The key first: whoever sees the new certificate finds its key.
        try write(identity.privateKeyPEM, to: result.key, mode: 0o600)
        try write(Array(identity.certificatesPEM.utf8), to: result.certificate, mode: 0o644)
        return result
    }

    private func makeDirectory() throws(SystemError) {
        guard mkdir(directory, 0o755) != 0, errno != EEXIST else { return }
        throw SystemError("make the directory \(directory)")
    }

    private func absolute(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw SystemError("find the directory \(path)") }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Whole or not at all, and never readable for more people than it is to be.
    private func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(SystemError) {
        let new = "\(path).new-\(getpid())"
        let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw SystemError("write \(new)") }
        var isDone = false
        defer {
            close(file)
            if !isDone { unlink(new) }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw SystemError("write \(new)") }
            rest = rest.dropFirst(count)
        }
        guard fchmod(file, mode) == 0, fsync(file) == 0, rename(new, path) == 0 else {
            throw SystemError("write \(path)")
        }
        isDone = true
    }
}

nonisolated extension SelfSignedCertificate.Result {
    /// What was made, and what to do with it.
    var text: String {
        let host = names.first { !$0.hasPrefix("*") } ?? "localhost"
        let authority = host.contains(":") ? "[\(host)]" : host
        return """
            wrote \(certificate) and \(key)
            for \(names.joined(separator: ", ")); nobody trusts it who is not told to

            In the configuration, below the [[listen]] that is to speak TLS:

            [listen.tls]
            certificate = \(Self.quoted(certificate))
            key = \(Self.quoted(key))

            Then, with its port: curl --cacert \(certificate) https://\(authority):8443/
            """
    }

    /// The JSON of it.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// As TOML writes a string.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

import FoundationEssentials
import Glibc
import MartletLoop
import MartletSupervisor
import MartletTLS

/// Reads the files of `[listen.tls]` and sees whether they can be used; gathers everything that is wrong with them.
nonisolated struct TLSFiles {
    private(set) var material = TLSMaterial()
    private(set) var certificates: [ServedCertificate] = []
    /// All files, in order, each once.
    private(set) var files: [String] = []
    /// What each of them was like just before it was read.
    private(set) var signatures: [FileSignature] = []
    /// What is not wrong, but should not be left so.
    private(set) var remarks: [String] = []
    private var problems: [ConfigurationProblem] = []

    /// A larger file is none of these.
    private static let largest = 1 << 20

    /// - Throws: everything that is wrong, with the place in the configuration, the file and what to do.
    init(_ configuration: Configuration) throws(ConfigurationError) {
        for (name, tls) in configuration.tlsListeners { read(tls, name: name) }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
    }

    private mutating func read(_ tls: Configuration.TLSListen, name: String) {
        var listener = TLSMaterial.Listener(name: name, certificates: [])
        for certificate in tls.certificates {
            guard let material = read(certificate, listener: name) else { continue }
            listener.certificates.append(material)
        }
        if let path = tls.clientRoots, let text = contents(of: path, "client_roots", tls.origin) {
            do throws(TLSError) {
                _ = try TLSTrust.roots(pem: text, source: path)
                listener.clientRoots = Data(text)
            } catch {
                add(tls.origin, "client_roots", error)
            }
        }
        material.listeners.append(listener)
    }

    private mutating func read(
        _ certificate: Configuration.TLSListen.Certificate, listener: String
    ) -> TLSMaterial.Certificate? {
        let keyPath = certificate.key ?? certificate.file
        let chain = contents(of: certificate.file, "certificate", certificate.origin)
        let key = certificate.key.map { contents(of: $0, "key", certificate.origin) } ?? chain
        guard let chain, let key else { return nil }
        remark(onKeyFile: keyPath)
        guard !Self.isEncrypted(key) else {
            let message =
                "key: \(keyPath) is encrypted, and there is nobody to ask for its password; write it decrypted into a file "
                + "that only the daemon may read: openssl pkey -in \(keyPath) -out plain.key"
            problems.append(ConfigurationProblem(origin: certificate.origin, message: message))
            return nil
        }
        var identity: TLSIdentity
        do throws(TLSError) {
            identity = try TLSIdentity(
                certificates: chain, privateKey: key, certificateSource: certificate.file, keySource: keyPath)
        } catch {
            add(certificate.origin, certificate.key == nil ? "certificate" : "certificate and key", error)
            return nil
        }
        if let path = certificate.ocsp {
            guard let response = contents(of: path, "ocsp", certificate.origin) else { return nil }
            do throws(TLSError) {
                try identity.staple(response, source: path)
            } catch {
                // Out of date, or of the certificate before: that must not keep a new certificate from being served.
                remarks.append("the OCSP response is not served: \(error); fetch a new one")
            }
        }
        let leaf = identity.certificate
        certificates.append(
            ServedCertificate(
                listener: listener, file: certificate.file, subject: leaf.subject, names: leaf.names,
                notBefore: leaf.notBefore, notAfter: leaf.notAfter, fingerprint: leaf.fingerprint))
        return TLSMaterial.Certificate(
            chain: identity.certificatesPEM, key: Data(identity.privateKeyPEM),
            staple: identity.ocspResponse.map { Data($0) }, file: certificate.file)
    }

    /// Whether PEM holds a key that needs a password: `ENCRYPTED PRIVATE KEY`, or `Proc-Type: 4,ENCRYPTED`.
    private static func isEncrypted(_ pem: [UInt8]) -> Bool {
        pem.split(separator: UInt8(ascii: "\n")).contains { line in
            line.starts(with: "-----BEGIN ENCRYPTED PRIVATE KEY".utf8)
                || line.starts(with: "Proc-Type: 4,ENCRYPTED".utf8)
        }
    }

    // MARK: Files

    private mutating func contents(
        of path: String, _ key: String, _ origin: ConfigurationProblem.Origin
    ) -> [UInt8]? {
        if !files.contains(path) {
            files.append(path)
            signatures.append(FileSignature(path))
        }
        do throws(Complaint) {
            return try Self.read(path)
        } catch {
            problems.append(
                ConfigurationProblem(origin: origin, message: "\(key): cannot read \(path): \(error.text)"))
            return nil
        }
    }

    private static func read(_ path: String) throws(Complaint) -> [UInt8] {
        // Without O_NONBLOCK opening a named pipe would wait for somebody who writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unreadable(errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw unreadable(errno) }
        guard facts.st_mode & S_IFMT != S_IFDIR else { throw Complaint("it is a directory; name a file in it") }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw Complaint("it is not a regular file") }
        guard facts.st_size <= largest else { throw Complaint("it is larger than \(ByteCount(Int64(largest)))") }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while text.count <= largest {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(errno) }
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return text
    }

    private static func unreadable(_ code: Int32) -> Complaint {
        let advice =
            switch code {
            case ENOENT, ENOTDIR: "; relative paths begin at the directory of the configuration file"
            case EACCES: "; it has to be readable for user \(geteuid()), or be passed as a credential of systemd"
            default: ""
            }
        return Complaint("\(SystemError.message(code))\(advice)")
    }

    private mutating func remark(onKeyFile path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IROTH != 0 else { return }
        remarks.append("\(path): everybody on this machine may read the private key; chmod o= \(path)")
    }

    private mutating func add(_ origin: ConfigurationProblem.Origin, _ key: String, _ error: TLSError) {
        problems.append(ConfigurationProblem(origin: origin, message: "\(key): \(error)"))
    }
}

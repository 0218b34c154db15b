import MartletLoop
import MartletNet

// What the file says about TLS, and what is said about it elsewhere.

nonisolated extension ConfigurationReader {
    private typealias TLSListen = Configuration.TLSListen
    private static let place = Place.table("listen.tls")

    /// Reads a `[listen.tls]`, its certificates included.
    mutating func readTLS(_ entry: TOMLTable.Entry) -> Configuration.TLSListen? {
        guard case .table(let table) = entry.value else {
            let found = SettingValue.toml(entry.value)
            add(entry.position, "\"tls\" in [[listen]]: expected a table, found \(found); write [listen.tls] below it")
            return nil
        }
        var tls = TLSListen(origin: .file(file, line: entry.position.line))
        let ofCertificate = TLSListen.Certificate.onlySettings.map(\.name)
        let isRight = read(
            table, place: Self.place, settings: TLSListen.settings, others: ofCertificate, into: &tls)
        tls.clientRoots = tls.clientRoots.map(resolved)
        if isRight { checkClients(tls, table, entry.position) }
        let before = problems.count
        tls.certificates = readCertificates(table, entry.position)
        return isRight && problems.count == before ? tls : nil
    }

    private mutating func readCertificates(
        _ table: TOMLTable, _ position: TOMLPosition
    ) -> [Configuration.TLSListen.Certificate] {
        switch table["certificate"]?.value {
        case nil:
            add(
                position,
                "missing key \"certificate\" in [listen.tls]: name the PEM file; to try it out, make one with "
                    + "`martletctl tls self-signed --name localhost --out DIR`")
            return []
        case .array(let array) where array.isOfHeaders: return readSeveral(table)
        default: return readOnly(table)
        }
    }

    /// `certificate`, `key` and `ocsp` in `[listen.tls]` itself.
    private mutating func readOnly(_ table: TOMLTable) -> [Configuration.TLSListen.Certificate] {
        let settings = TLSListen.Certificate.onlySettings
        var certificate = TLSListen.Certificate(origin: .file(file, line: table["certificate"]?.position.line))
        read(table, place: Self.place, settings: settings, others: TLSListen.settings.map(\.name), into: &certificate)
        return [resolved(certificate)]
    }

    /// `[[listen.tls.certificate]]`
    private mutating func readSeveral(_ table: TOMLTable) -> [Configuration.TLSListen.Certificate] {
        for key in ["key", "ocsp"] {
            guard let entry = table[key] else { continue }
            add(
                entry.position,
                "\"\(key)\" in [listen.tls]: each [[listen.tls.certificate]] has its own; move it there")
        }
        let place = Place.element("listen.tls.certificate")
        var certificates: [TLSListen.Certificate] = []
        for (element, position) in tables("certificate", of: table) {
            let settings = TLSListen.Certificate.settings
            var certificate = TLSListen.Certificate(origin: .file(file, line: position.line))
            guard requireKeys(settings, of: element, at: position, place: place),
                read(element, place: place, settings: settings, into: &certificate)
            else { continue }
            certificates.append(resolved(certificate))
        }
        return certificates
    }

    private mutating func checkClients(
        _ tls: Configuration.TLSListen, _ table: TOMLTable, _ position: TOMLPosition
    ) {
        if tls.clientCertificates != .none, table["client_roots"] == nil {
            add(
                table["client_certificates"]?.position ?? position,
                "missing key \"client_roots\" in [listen.tls]: name the PEM file with the certificates of those who "
                    + "issue clients' certificates")
        }
        if tls.clientCertificates == .none, let entry = table["client_roots"] {
            add(
                entry.position,
                "\"client_roots\" in [listen.tls]: no client is asked for a certificate; add client_certificates = "
                    + "\"required\" or \"optional\", or remove it")
        }
    }

    // MARK: Paths

    /// Where a path leads that a file names: from the directory of that file.
    private func resolved(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }

    private func resolved(_ certificate: Configuration.TLSListen.Certificate) -> Configuration.TLSListen.Certificate {
        var certificate = certificate
        certificate.file = resolved(certificate.file)
        certificate.key = certificate.key.map(resolved)
        certificate.ocsp = certificate.ocsp.map(resolved)
        return certificate
    }

    // MARK: What is said outside of the file

    /// `--tls-certificate` and `--tls-key`, or their variables.
    mutating func applyCertificate(_ override: ConfigurationOverride, _ key: String) {
        var certificate = self.certificate ?? TLSListen.Certificate(origin: override.origin)
        do throws(Complaint) {
            let path = try SettingReaders.file(.text(override.value))
            if key == "key" {
                certificate.key = path
            } else {
                certificate.file = path
                certificate.origin = override.origin
            }
        } catch {
            add(override.origin, error.text)
        }
        self.certificate = certificate
    }

    /// Puts the certificate that was named outside of the file where it belongs: at the addresses that were named there
    /// too, or else at those of the file that have TLS, or else at the default one.
    mutating func finishOverrides() {
        guard let certificate else { return }
        guard !certificate.file.isEmpty else {
            return add(certificate.origin, "there is a key, but no certificate; name it with --tls-certificate")
        }
        let standard = TLSListen([certificate], origin: certificate.origin)
        if hasListenOverride {
            for index in configuration.listen.indices { configuration.listen[index].tls = standard }
        } else if configuration.listen.isEmpty {
            configuration.unlistedTLS = standard
        } else if configuration.listen.contains(where: { $0.tls != nil }) {
            for index in configuration.listen.indices {
                configuration.listen[index].tls?.certificates = [certificate]
            }
        } else {
            add(
                certificate.origin,
                "no address of the file has TLS; add [listen.tls] there, or name the address with --listen")
        }
    }
}

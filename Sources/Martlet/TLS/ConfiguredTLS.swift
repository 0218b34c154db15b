import MartletSupervisor
import MartletTLS

/// The TLS of all listeners, as the configuration says: what a worker accepts connections with.
@MainActor
final class ConfiguredTLS: WorkerTLS {
    private let configuration: Configuration
    private let keys = TLSTicketKeys()
    private var contexts: [String: TLSServerContext] = [:]
    private var prepared: [String: TLSServerSettings] = [:]

    /// - Throws: what is wrong with the material.
    init(_ configuration: Configuration, _ material: TLSMaterial) throws {
        self.configuration = configuration
        for (name, settings) in try settings(material) { contexts[name] = try TLSServerContext(settings) }
    }

    /// What a listener's connections begin with; `nil` for plain ones.
    func context(forListener name: String) -> TLSServerContext? {
        if let context = contexts[name] { return context }
        let isListed = configuration.listen.contains { $0.label == name }
        return isListed ? nil : contexts[TLSMaterial.unlisted]
    }

    /// Sees whether other certificates can be used.
    func prepare(_ material: [UInt8]) throws {
        prepared = [:]
        let settings = try settings(TLSMaterial(json: material))
        // What can be made once can be made again.
        for (_, settings) in settings { _ = try TLSServerContext(settings) }
        prepared = settings
    }

    /// Uses the certificates that were prepared for handshakes from here on.
    func usePrepared() throws {
        defer { prepared = [:] }
        for (name, settings) in prepared { try contexts[name]?.replace(settings) }
    }

    /// Encrypts tickets with other keys.
    func use(_ keys: TicketKeyMemory.Keys) {
        self.keys.replace(with: ([keys.present] + keys.others).compactMap { TLSTicketKey(bytes: $0) })
    }

    private func settings(_ material: TLSMaterial) throws -> [String: TLSServerSettings] {
        let listeners = Dictionary(material.listeners.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var all: [String: TLSServerSettings] = [:]
        for (name, tls) in configuration.tlsListeners {
            guard let listener = listeners[name] else { continue }
            all[name] = try settings(tls, listener)
        }
        return all
    }

    private func settings(
        _ tls: Configuration.TLSListen, _ listener: TLSMaterial.Listener
    ) throws -> TLSServerSettings {
        var settings = TLSServerSettings(identities: try listener.certificates.map(Self.identity))
        settings.minimumVersion = tls.minimumVersion == .tls13 ? .tls13 : .tls12
        settings.ticketKeys = tls.tickets ? keys : nil
        settings.handshakeTimeout = tls.handshakeTimeout.duration
        settings.handshakeLimit = tls.handshakes
        guard let roots = listener.clientRoots else { return settings }
        let trust = try TLSTrust.roots(pem: Array(roots), source: tls.clientRoots ?? "client_roots")
        switch tls.clientCertificates {
        case .none: break
        case .optional: settings.clientCertificates = .optional(trust)
        case .required: settings.clientCertificates = .required(trust)
        }
        return settings
    }

    private static func identity(_ certificate: TLSMaterial.Certificate) throws -> TLSIdentity {
        var identity = try TLSIdentity(
            certificates: Array(certificate.chain.utf8), privateKey: Array(certificate.key),
            certificateSource: certificate.file, keySource: "the key of \(certificate.file)")
        // It was valid when the supervisor read it; one that is not any more is left out.
        if let staple = certificate.staple { _ = try? identity.staple(Array(staple), source: "the OCSP response") }
        return identity
    }
}

import FoundationEssentials

/// What the listeners' TLS needs of files: read by the supervisor, and given to the workers in a sealed memory file. Secret.
nonisolated struct TLSMaterial: Codable, Hashable, Sendable {
    /// A certificate and what belongs to it.
    struct Certificate: Codable, Hashable, Sendable {
        /// PEM: the certificate, and those that lead to a root.
        var chain: String
        /// PEM: its private key.
        var key: Data
        /// DER: the OCSP response.
        var staple: Data?
        /// The file, for messages.
        var file: String
    }

    /// What one listener needs.
    struct Listener: Codable, Hashable, Sendable {
        /// The listener's `label`, or ``TLSMaterial/unlisted``.
        var name: String
        var certificates: [Certificate]
        /// PEM: the certificates of those who issue clients' certificates.
        var clientRoots: Data?
    }

    /// Stands for all addresses that the configuration does not list.
    static let unlisted = "*"

    var listeners: [Listener] = []

    /// The JSON that ``init(json:)`` reads back; the same for the same material.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(self))
    }

    init() {}

    /// Reads what ``json()`` wrote; nothing is the material of no listener.
    init(json: [UInt8]) throws {
        self = json.isEmpty ? TLSMaterial() : try JSONDecoder().decode(TLSMaterial.self, from: Data(json))
    }
}

nonisolated extension Configuration {
    /// Everything that has TLS, by the name in ``TLSMaterial``.
    var tlsListeners: [(name: String, tls: TLSListen)] {
        listen.compactMap { listen in listen.tls.map { (listen.label, $0) } }
            + (unlistedTLS.map { [(TLSMaterial.unlisted, $0)] } ?? [])
    }
}

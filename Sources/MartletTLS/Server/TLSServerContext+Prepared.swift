import CTLS
import MartletLoop

extension TLSServerContext {
    /// What OpenSSL has made of settings. Lives as long as a connection that began with it.
    @MainActor  // Spelled out: see HTTPServer.
    final class Prepared {
        let context: OpaquePointer
        let answersPlainHTTP: Bool
        let handshakeTimeout: EventLoop.Interval
        /// Its memory is read whenever a ticket comes or goes.
        private let ticketKeys: TLSTicketKeys?

        init(_ settings: TLSServerSettings) throws(TLSError) {
            guard !settings.identities.isEmpty else {
                throw TLSError(.invalidInput, "a server needs a certificate and its key; there are none")
            }
            answersPlainHTTP = settings.answersPlainHTTP
            handshakeTimeout = EventLoop.Interval(settings.handshakeTimeout)
            ticketKeys = settings.ticketKeys
            var options = try ContextOptions(
                minimum: settings.minimumVersion, maximum: settings.maximumVersion,
                protocols: settings.applicationProtocols, cipherSuites: settings.cipherSuites)
            options.ticketKeys = settings.ticketKeys.map { UnsafePointer($0.memory) }
            options.sessionLifetime = max(1, Int(settings.sessionLifetime.components.seconds))
            options.refusesUnknownNames = settings.unknownName == .refusal
            switch settings.clientCertificates {
            case .none: break
            case .optional(let trust): options.trust = trust
            case .required(let trust):
                options.trust = trust
                options.requiresCertificate = true
            }
            context = try options.makeContext(isServer: true)
            do throws(TLSError) {
                try add(IdentityGroups(settings.identities))
            } catch {
                ctls_context_free(context)
                throw error
            }
        }

        isolated deinit {
            ctls_context_free(context)
        }

        private func add(_ groups: IdentityGroups) throws(TLSError) {
            for (number, group) in groups.groups.enumerated() {
                for identity in group { try identity.add(to: context, group: number) }
            }
            // In the order of bytes, in which they are searched.
            for name in groups.numbers.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                guard ctls_context_add_name(context, name, groups.numbers[name] ?? 0) else {
                    throw TLSError(.invalidInput, "there is no memory for the name \(name)")
                }
            }
        }
    }
}

import MartletSupervisor
import MartletTLS

extension TLSPlan {
    /// What the supervisor needs of the certificates of a configuration; `nil` when no listener has TLS.
    ///
    /// - Throws: a ``ConfigurationError`` with everything that is wrong with the files.
    @MainActor
    static func of(_ configuration: Configuration) throws -> TLSPlan? {
        configuration.tlsListeners.isEmpty ? nil : try read(configuration)
    }

    @MainActor
    private static func read(_ configuration: Configuration) throws -> TLSPlan {
        let files = try TLSFiles(configuration)
        // Whatever else OpenSSL may find.
        _ = try ConfiguredTLS(configuration, files.material)
        var plan = TLSPlan(
            material: try files.material.json(), files: files.files, signatures: files.signatures,
            certificates: files.certificates,
            reload: { try read(configuration) })
        plan.ticketRotation = configuration.tls.ticketRotation.duration
        plan.watchesFiles = configuration.tls.watch
        plan.warningDays = configuration.tls.warningDays
        plan.remarks = files.remarks
        return plan
    }
}

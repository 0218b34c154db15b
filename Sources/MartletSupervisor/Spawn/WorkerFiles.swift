import Glibc
import MartletLoop

/// What workers of one generation read, in sealed memory files: nobody else can, and nobody can change it.
struct WorkerFiles {
    /// The configuration.
    let configuration: Int32
    /// Certificates and their keys; an empty file when no listener has TLS.
    var certificates: Int32
    /// Goes up each time that there are other certificates.
    var certificatesVersion: Int

    init(_ plan: SupervisorPlan, certificatesVersion: Int) throws(SystemError) {
        configuration = try WorkerSpawner.sealedFile("configuration", plan.workerPayload)
        do throws(SystemError) {
            certificates = try WorkerSpawner.sealedFile("certificates", plan.tls?.material ?? [])
        } catch {
            Glibc.close(configuration)
            throw error
        }
        self.certificatesVersion = certificatesVersion
    }

    func close() {
        Glibc.close(configuration)
        Glibc.close(certificates)
    }

    /// Has other certificates take the place of the present ones.
    mutating func replaceCertificates(_ file: Int32, version: Int) {
        Glibc.close(certificates)
        certificates = file
        certificatesVersion = version
    }
}

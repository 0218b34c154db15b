import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Scans of TLS")
    struct TLSScans {
        @Test("sslscan finds no old protocol, no weak cipher and no renegotiation")
        func sslscan() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table()) { daemon in
                    let scan = try await Program.run(
                        ["sslscan", "--no-colour", "--show-ciphers", daemon.address], within: .seconds(60))
                    #expect(scan.status == .exited(0), "\(scan)")
                    for version in ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"] {
                        #expect(scan.output.contains(try Regex("\(version) +disabled")), "\(version): \(scan)")
                    }
                    for version in ["TLSv1.2", "TLSv1.3"] {
                        #expect(scan.output.contains(try Regex("\(version) +enabled")), "\(version): \(scan)")
                    }
                    // Debian's sslscan itself knows no compression; testssl.sh looks for it.
                    #expect(scan.output.contains("Session renegotiation not supported"), "\(scan)")
                    #expect(scan.output.contains("TLSv1.2 not vulnerable to heartbleed"), "\(scan)")
                    let ciphers = scan.output.split(separator: "\n").filter {
                        $0.hasPrefix("Preferred") || $0.hasPrefix("Accepted")
                    }
                    #expect(ciphers.count >= 4, "\(scan)")
                    for cipher in ciphers {
                        #expect(cipher.contains("GCM") || cipher.contains("POLY1305"), "\(cipher)")
                        #expect(cipher.contains("ECDHE") || cipher.contains("TLSv1.3"), "\(cipher)")
                    }
                }
            }
        }

        @Test("testssl.sh finds nothing of medium severity or worse: protocols, ciphers, preferences, vulnerabilities")
        func testssl() async throws {
            try await TestAuthority.with { authority in
                let certificate = try await authority.issue("web")
                try await Daemon.runSecure(certificate.table(), { $0.workers = 2 }) { daemon in
                    let report = daemon.directory.file("report.csv")
                    let scan = try await Program.run(
                        [
                            "testssl", "--quiet", "--color", "0", "--warnings", "batch", "--ip", "127.0.0.1",
                            "--nodns", "none", "--severity", "MEDIUM", "--csvfile", report, "-p", "-s", "-f", "-P",
                            "-U",
                            "localhost:\(daemon.port)",
                        ], environment: ["CA_DIR=/nonexistent"], within: .seconds(120))
                    let findings = (TextFile.read(report) ?? "").split(separator: "\n").dropFirst()
                    #expect(scan.output.contains("TLS 1.3"), "\(scan)")
                    #expect(findings.isEmpty, "\(findings)")
                }
            }
        }
    }
}

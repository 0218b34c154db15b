import Testing

@testable import Martlet

@Suite("Reading a configuration's TLS")
nonisolated struct TLSConfigurationTests {
    private static let environment = ["RUNTIME_DIRECTORY": "/run/test"]

    private func parse(
        _ text: String, environment: [String: String] = environment, overrides: [ConfigurationOverride] = []
    ) throws(ConfigurationError) -> Configuration {
        try ConfigurationFile.parse(
            Array(text.utf8), name: "/etc/m.toml", environment: environment, overrides: overrides)
    }

    private func problems(
        _ text: String, environment: [String: String] = environment, overrides: [ConfigurationOverride] = []
    ) -> [String] {
        do throws(ConfigurationError) {
            _ = try parse(text, environment: environment, overrides: overrides)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    private let listen = "[[listen]]\naddress = \":1\"\n"

    @Test("every key of one certificate takes effect, and relative paths begin at the file's directory")
    func oneCertificate() throws {
        let configuration = try parse(
            listen + """
                [listen.tls]
                certificate = "c.pem"
                key = "/k.pem"
                ocsp = "o/c.der"
                minimum_version = "1.3"
                client_certificates = "optional"
                client_roots = "r.pem"
                tickets = false
                handshake_timeout = "3s"
                handshakes = 7
                [tls]
                ticket_rotation = "1h"
                watch = false
                warning_days = 30
                """)
        let tls = try #require(configuration.listen[0].tls)
        #expect(tls.certificates.map(\.file) == ["/etc/c.pem"])
        #expect(tls.certificates.map(\.key) == ["/k.pem"])
        #expect(tls.certificates.map(\.ocsp) == ["/etc/o/c.der"])
        #expect(tls.certificates[0].origin == .file("/etc/m.toml", line: 4))
        #expect(tls.minimumVersion == .tls13)
        #expect(tls.clientCertificates == .optional)
        #expect(tls.clientRoots == "/etc/r.pem")
        #expect(!tls.tickets)
        #expect(tls.handshakeTimeout == .seconds(3))
        #expect(tls.handshakes == 7)
        #expect(configuration.tls.ticketRotation == .seconds(3600))
        #expect(!configuration.tls.watch)
        #expect(configuration.tls.warningDays == 30)
        #expect(try Configuration(json: configuration.json()) == configuration)
    }

    @Test("several certificates are tables of their own, in order, of the address in front of them")
    func severalCertificates() throws {
        let configuration = try parse(
            listen + """
                [listen.tls]
                [[listen.tls.certificate]]
                file = "/a.pem"
                [[listen.tls.certificate]]
                file = "/b.pem"
                key = "/b.key"
                [[listen]]
                address = ":2"
                """)
        #expect(configuration.listen[0].tls?.certificates.map(\.file) == ["/a.pem", "/b.pem"])
        #expect(configuration.listen[0].tls?.certificates.map(\.key) == [nil, "/b.key"])
        #expect(configuration.listen[1].tls == nil)
    }

    @Test(
        "what is wrong is named with its line and what to do",
        arguments: [
            (
                "[listen.tls]\ncertificat = \"c.pem\"",
                [
                    "/etc/m.toml:4: unknown key \"certificat\" in [listen.tls]; did you mean \"certificate\"?",
                    "/etc/m.toml:3: missing key \"certificate\" in [listen.tls]: name the PEM file; to try it out, make one"
                        + " with `martletctl tls self-signed --name localhost --out DIR`",
                ]
            ),
            (
                "tls = true",
                [
                    "/etc/m.toml:3: \"tls\" in [[listen]]: expected a table, found true; write [listen.tls] below it"
                ]
            ),
            (
                "[listen.tls]\ncertificate = 5",
                ["/etc/m.toml:4: \"certificate\" in [listen.tls]: expected the path of a file, found integer 5"]
            ),
            (
                "[listen.tls]\nkey = \"k\"\n[[listen.tls.certificate]]\nkey = \"k\"",
                [
                    "/etc/m.toml:4: \"key\" in [listen.tls]: each [[listen.tls.certificate]] has its own; move it there",
                    "/etc/m.toml:5: missing key \"file\" in [[listen.tls.certificate]]",
                ]
            ),
            (
                "[listen.tls]\ncertificate = \"c\"\nminimum_version = \"1.1\"",
                [
                    "/etc/m.toml:5: \"minimum_version\" in [listen.tls]: expected one of \"1.2\", \"1.3\", found string \"1.1\"; did you mean \"1.2\"?"
                ]
            ),
            (
                "[listen.tls]\ncertificate = \"c\"\nclient_certificates = \"require\"\nclient_roots = \"r\"",
                [
                    "/etc/m.toml:5: \"client_certificates\" in [listen.tls]: expected one of \"none\", \"optional\", \"required\", found string \"require\"; did you mean \"required\"?"
                ]
            ),
            (
                "[listen.tls]\ncertificate = \"c\"\nclient_certificates = \"required\"",
                [
                    "/etc/m.toml:5: missing key \"client_roots\" in [listen.tls]: name the PEM file with the certificates of those who issue clients' certificates"
                ]
            ),
            (
                "[listen.tls]\ncertificate = \"c\"\nclient_roots = \"r\"",
                [
                    "/etc/m.toml:5: \"client_roots\" in [listen.tls]: no client is asked for a certificate; add client_certificates = \"required\" or \"optional\", or remove it"
                ]
            ),
            (
                "[tls]\nticket_rotation = \"1ms\"",
                [
                    "/etc/m.toml:4: \"ticket_rotation\" in [tls]: expected a duration between 1s and 168h, found string \"1ms\""
                ]
            ),
            ("[tls]\nwach = true", ["/etc/m.toml:4: unknown key \"wach\" in [tls]; did you mean \"watch\"?"]),
        ])
    func problem(text: String, messages: [String]) { #expect(problems(listen + text).sorted() == messages.sorted()) }

    // MARK: Outside of the file

    private func overrides(listen: String? = nil, certificate: String? = "/c", key: String? = "/k")
        -> [ConfigurationOverride]
    {
        [
            ("--listen", "listen", listen), ("--tls-certificate", "tls.certificate", certificate),
            ("--tls-key", "tls.key", key),
        ]
        .compactMap { flag, name, value in value.map { ConfigurationOverride(flag: flag, key: name, value: $0) } }
    }

    @Test("the command line's certificate is for the command line's addresses")
    func ofNamedAddresses() throws {
        let configuration = try parse(listen, overrides: overrides(listen: ":2,:3"))
        #expect(configuration.listen.map(\.address) == [":2", ":3"])
        for listen in configuration.listen {
            #expect(listen.tls?.certificates.map(\.file) == ["/c"])
            #expect(listen.tls?.certificates.map(\.key) == ["/k"])
        }
    }

    @Test(
        "the command line's certificate takes the place of those that the file names, and the default address gets it")
    func ofOtherAddresses() throws {
        let secured = listen + "[listen.tls]\ncertificate = \"/f\"\nhandshakes = 3\n[[listen]]\naddress = \":2\""
        let configuration = try parse(secured, overrides: overrides())
        #expect(configuration.listen[0].tls?.certificates.map(\.file) == ["/c"])
        #expect(configuration.listen[0].tls?.handshakes == 3)
        #expect(configuration.listen[1].tls == nil)
        let environment = ["MARTLET_TLS_CERTIFICATE": "/c", "MARTLET_TLS_KEY": "/k", "MARTLET_TLS_WATCH": "false"]
        let standard = try parse("", environment: environment)
        #expect(!standard.tls.watch)
        #expect(standard.listeners(hasPassedSockets: false)[0].tls?.certificates.map(\.key) == ["/k"])
        #expect(standard.listeners(hasPassedSockets: true).isEmpty)
        #expect(standard.unlistedTLS != nil)
    }

    @Test("a certificate that would be for no address, and a key without a certificate, are refused")
    func aimless() {
        #expect(
            problems(listen, overrides: overrides()) == [
                "--tls-certificate: no address of the file has TLS; add [listen.tls] there, or name the address with --listen"
            ])
        #expect(
            problems("", overrides: overrides(certificate: nil)) == [
                "--tls-key: there is a key, but no certificate; name it with --tls-certificate"
            ])
    }
}

import Glibc
import Testing

@testable import Martlet

@Suite("The configuration that ships")
nonisolated struct ShippedConfigurationTests {
    private static let path = #filePath.replacing(
        "Tests/MartletTests/Configuration/ShippedConfigurationTests.swift", with: "etc/martlet.toml")

    private func text() throws -> String {
        let file = try #require(fopen(Self.path, "r"), "\(Self.path)")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Whether a line says a default, `#key = value`, or an example, `# key = value`.
    private func isAssignment(_ line: Substring, behind mark: String) -> Bool {
        guard line.hasPrefix(mark) else { return false }
        let key = line.dropFirst(mark.count).prefix { $0.isLowercase || $0.isNumber || $0 == "_" }
        return !key.isEmpty && line.dropFirst(mark.count + key.count).hasPrefix(" = ")
    }

    /// A table that is not there until somebody wants it, `#[listen.tls]`; its name.
    private func absentTable(_ line: Substring) -> String? {
        guard line.hasPrefix("#["), line.hasSuffix("]") else { return nil }
        return line.dropFirst().filter { $0 != "[" && $0 != "]" }
    }

    private func parse(_ text: String) throws -> Configuration {
        try ConfigurationFile.parse(
            Array(text.utf8), name: "etc/martlet.toml", environment: ["RUNTIME_DIRECTORY": "/r"])
    }

    @Test("it loads, listens on 127.0.0.1:8080 and greets")
    func loads() throws {
        let configuration = try ConfigurationFile.load(path: Self.path, environment: ["RUNTIME_DIRECTORY": "/r"])
        var expected = Configuration()
        expected.control = "/r/control.sock"
        expected.listen = [.init(address: "127.0.0.1:8080")]
        expected.routes = [.init(path: "/"), .init(path: "/{name}")]
        expected.routes[0].text = "Hello, Anonymous"
        expected.routes[1].text = "Hello, {name}"
        expected.routes += [.init(path: "/ws/echo"), .init(path: "/ws/chat/{room}")]
        expected.routes[2].webSocket = .echo
        expected.routes[3].webSocket = .channel
        expected.routes[3].channel = "chat/{room}"
        #expect(configuration == expected)
    }

    @Test("every default that it names is the default of the code")
    func defaults() throws {
        let text = try text()
        var table: String?
        let uncommented = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.hasPrefix("[") { table = nil }
            table = absentTable(line) ?? table
            // The keys of tables that are not there have no place to be.
            return table == nil && isAssignment(line, behind: "#") ? line.dropFirst() : line
        }
        #expect(try parse(uncommented.joined(separator: "\n")) == parse(text))
    }

    @Test("every default that it names of a table that is not there is the default of the code")
    func defaultsOfAbsentTables() throws {
        var lines = ["[[listen]]", "address = \":1\""]
        var table: String?
        for line in try text().split(separator: "\n") {
            if line.hasPrefix("[") { table = nil }
            table = absentTable(line) ?? table
            if absentTable(line) == "listen.tls" {
                lines += ["[listen.tls]", "certificate = \"c.pem\""]
            } else if table == "listen.tls", isAssignment(line, behind: "#") {
                lines.append(String(line.dropFirst()))
            }
        }
        #expect(lines.count > 6)
        let tls = try #require(try parse(lines.joined(separator: "\n")).listen[0].tls)
        var expected = Configuration.TLSListen(tls.certificates, origin: tls.origin)
        expected.certificates[0].file = "etc/c.pem"
        #expect(tls == expected)
    }

    @Test("it has every key, under its table")
    func completeness() throws {
        var table = ""
        var found: Set<String> = []
        for line in try text().split(separator: "\n") {
            if line.hasPrefix("[") { table = line.filter { $0 != "[" && $0 != "]" } + "." }
            if let absent = absentTable(line) { table = absent + "." }
            for mark in ["", "#", "# "] where isAssignment(line, behind: mark) {
                found.insert(table + line.dropFirst(mark.count).prefix { $0 != " " })
            }
        }
        let wanted =
            Configuration.settings.map(\.name) + Configuration.Listen.settings.map { "listen.\($0.name)" }
            + Configuration.TLSListen.settings.map { "listen.tls.\($0.name)" }
            + Configuration.TLSListen.Certificate.onlySettings.map { "listen.tls.\($0.name)" }
            + Configuration.TLSListen.Certificate.settings.map { "listen.tls.certificate.\($0.name)" }
            + Configuration.TLSService.settings.map { "tls.\($0.name)" }
            + Configuration.Limits.settings.map { "limits.\($0.name)" }
            + Configuration.Timeouts.settings.map { "timeouts.\($0.name)" }
            + Configuration.Log.settings.map { "log.\($0.name)" }
            + Configuration.Channels.settings.map { "channels.\($0.name)" }
            + Configuration.Route.settings.map { "route.\($0.name)" }
        #expect(found == Set(wanted))
    }
}

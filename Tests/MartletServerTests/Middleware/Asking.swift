@testable import MartletServer

extension TestServer {
    /// The answer to one request on a connection of its own.
    func ask(_ method: String = "GET", _ target: String = "/", _ fields: [String] = []) async throws -> Answer {
        let client = try connect()
        let lines = (["\(method) \(target) HTTP/1.1", "Host: a", "Connection: close"] + fields)
        try await client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        return try await client.answer(to: method)
    }
}

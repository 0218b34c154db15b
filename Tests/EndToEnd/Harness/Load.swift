import Glibc
import MartletLoop

/// wrk at full speed, until it is told to stop.
final class Load {
    /// What wrk counted. A connection that breaks, an answer that is no success or does not come is a failure.
    struct Result: CustomStringConvertible {
        var requests = 0
        var connectErrors = 0
        var readErrors = 0
        var writeErrors = 0
        var statusErrors = 0
        var timeouts = 0

        var failures: Int { connectErrors + readErrors + writeErrors + statusErrors + timeouts }
        var description: String {
            """
            \(requests) requests; failed: connect \(connectErrors), read \(readErrors), write \(writeErrors), \
            status \(statusErrors), timeout \(timeouts)
            """
        }
    }

    /// Whether a connection carries many requests or one.
    enum Connections {
        case kept
        case oneRequestEach
    }

    private static let script = """
        done = function(summary)
          local e = summary.errors
          io.write(string.format("counted %d %d %d %d %d %d\\n",
            summary.requests, e.connect, e.read, e.write, e.status, e.timeout))
        end

        """

    private let program: Program

    init(on daemon: Daemon, connections: Int = 16, _ kind: Connections = .kept) throws {
        let script = daemon.directory.file("counted.lua")
        try TextFile.write(Self.script, to: script)
        var command = ["wrk", "-t1", "-c\(connections)", "-d600s", "--timeout", "10s", "-s", script]
        if kind == .oneRequestEach { command += ["-H", "Connection: close"] }
        let scheme = daemon.settings.tls.isEmpty ? "http" : "https"
        program = try Program(command + ["\(scheme)://\(daemon.address)/World"])
    }

    /// Ends the load and says how it went.
    func finish() async throws -> Result {
        guard program.isRunning else {
            throw Failure("wrk ended before it was told to: \(try await program.finish())")
        }
        try program.signal(SIGINT)
        let ended = try await program.finish()
        guard let line = ended.output.split(separator: "\n").last(where: { $0.hasPrefix("counted ") }) else {
            throw Failure("wrk did not count: \(ended)")
        }
        let counts = line.split(separator: " ").dropFirst().compactMap { Int($0) }
        guard counts.count == 6 else { throw Failure("wrk counted strangely: \(line)") }
        return Result(
            requests: counts[0], connectErrors: counts[1], readErrors: counts[2], writeErrors: counts[3],
            statusErrors: counts[4], timeouts: counts[5])
    }
}

import Glibc
import Testing

extension EndToEnd {
    @Suite("Logging")
    struct Logging {
        @Test("USR1 opens the log anew, so that a file that was moved away can be rotated")
        func reopening() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let log = directory.file("martlet.log")
            var settings = DaemonSettings()
            settings.log["target"] = "\"\(log)\""
            try await Daemon.run(settings) { daemon in
                try await eventually("the log is written") { TextFile.read(log)?.isEmpty == false }
                #expect(rename(log, directory.file("martlet.log.1")) == 0)
                try daemon.program.signal(SIGUSR1)
                try await eventually("there is a new log") { access(log, F_OK) == 0 }
                try await daemon.mustControl("reload")
                try await eventually("the new log is written") { TextFile.read(log)?.isEmpty == false }
            }
        }
    }
}

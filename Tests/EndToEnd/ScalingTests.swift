import Glibc
import Testing

extension EndToEnd {
    @Suite("Scaling")
    struct Scaling {
        @Test("from one worker to four to two under load, no request fails")
        func underLoad() async throws {
            var settings = DaemonSettings()
            settings.workers = 1
            try await Daemon.run(settings) { daemon in
                let totals = TotalsWatch(on: daemon)
                let loads = [
                    try Load(on: daemon, connections: 8, .kept), try Load(on: daemon, connections: 8, .oneRequestEach),
                ]
                for count in [4, 2, 4, 1, 2] {
                    try await daemon.mustControl("scale", "\(count)")
                    try await daemon.settle(on: count)
                    let before = try await daemon.total("requests")
                    try await eventually("\(count) workers serve") {
                        try await daemon.total("requests") > before + 1000
                    }
                }
                for load in loads {
                    let result = try await load.finish()
                    #expect(result.failures == 0, "\(result)")
                }
                try await totals.finish()
                #expect(totals.decreases.isEmpty)
                #expect(try await daemon.workers().filter { $0.state == "ready" }.map(\.slot) == [0, 1])
            }
        }

        @Test("TTIN adds a worker and TTOU takes one away, down to one")
        func bySignal() async throws {
            try await Daemon.run { daemon in
                try daemon.program.signal(SIGTTIN)
                try await daemon.settle(on: 3)
                for count in [2, 1] {
                    try daemon.program.signal(SIGTTOU)
                    try await daemon.settle(on: count)
                }
                try daemon.program.signal(SIGTTOU)
                // Its answer comes after the signal: two that are pending together have no order (man 7 signal).
                #expect(try await daemon.query("/v1/info")["workers_wanted"]?.number == 1)
                try daemon.program.signal(SIGTTIN)
                try await daemon.settle(on: 2)
                #expect(try await daemon.curl("/World").output == "Hello, World")
            }
        }

        @Test("a reload goes back to what the file says")
        func reloadAfterScale() async throws {
            try await Daemon.run { daemon in
                try await daemon.mustControl("scale", "3")
                try await daemon.settle(on: 3)
                try daemon.reconfigure { $0.workers = 1 }
                try await daemon.mustControl("reload")
                try await daemon.settle(on: 1)
                // The connections that hash to the sockets of idle slots are served too.
                for _ in 0..<30 { #expect(try await daemon.curl("/World").output == "Hello, World") }
            }
        }
    }
}

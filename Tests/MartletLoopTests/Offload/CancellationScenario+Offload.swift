import Glibc
import MartletLoop

nonisolated extension CancellationScenario {
    static var offloading: [CancellationScenario] {
        [
            CancellationScenario("offloading to a thread that is busy") { trial in
                let pool = trial.tracked(ThreadPool(threads: 1, queueLimit: 1))
                let gate = Gate()
                let ran = Flag()
                trial.helper { try await offload(on: pool) { gate.pass() } }
                trial.step { gate.open() }
                trial.check("it ran when it was not cancelled, and no slot is lost") {
                    gate.remove()
                    return ran.isSet == trial.isFinished && pool.busy == 0 && pool.queued == 0
                }
                return { try await offload(on: pool) { ran.set() } }
            },
            CancellationScenario("offloading to a thread of its own") { trial in
                let pool = trial.tracked(ThreadPool(threads: 2))
                let gate = Gate()
                let ran = Flag()
                trial.step { gate.open() }
                trial.check("it ran to its end unless it never started, and no slot is lost") {
                    gate.remove()
                    return ran.isSet == trial.isFinished && pool.busy == 0
                }
                return {
                    try await offload(on: pool) {
                        gate.pass()
                        ran.set()
                    }
                }
            },
            CancellationScenario("closing a pool that works") { trial in
                let pool = trial.tracked(ThreadPool(threads: 1))
                let gate = Gate()
                trial.helper {
                    try await offload(on: pool) { gate.pass() }
                    try await pool.close()
                }
                trial.step { gate.open() }
                trial.check("the threads have ended") {
                    gate.remove()
                    return pool.threads == 0
                }
                return { try await pool.close() }
            },
            CancellationScenario("opening, writing, reading and closing a file") { trial in
                let path = "/tmp/martlet-cancelled-\(UInt64.random(in: 0 ... .max))"
                trial.check("its descriptor is closed") { !openPaths().contains(path) }
                return {
                    do {
                        try await withFile(path, for: .rewriting) { file in
                            try await file.write("one\ntwo\n")
                            try await file.sync()
                            var lines: [String] = []
                            for try await line in file.lines() { lines.append(line) }
                            guard lines == ["one", "two"] else { throw Late() }
                        }
                    } catch {
                        try await Task { try await FileSystem.removeTree(path) }.value
                        throw error
                    }
                    try await Task { try await FileSystem.removeTree(path) }.value
                }
            },
            CancellationScenario("working in a temporary directory") { trial in
                let parent = "/tmp/martlet-cancelled-\(UInt64.random(in: 0 ... .max))"
                try await FileSystem.createDirectory(parent)
                trial.check("nothing is left in it, and it is not open") {
                    rmdir(parent) == 0 && !openPaths().contains { $0.hasPrefix(parent) }
                }
                return {
                    try await FileSystem.withTemporaryDirectory(in: parent) { directory in
                        try await FileSystem.createDirectory("\(directory)/a/b", withIntermediates: true)
                        try await File.write("x", to: "\(directory)/a/file")
                        for try await _ in FileSystem.walk(directory) {}
                    }
                }
            },
        ]
    }
}

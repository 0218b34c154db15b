import Glibc
import MartletLoop
import MartletNet
import Testing

@Suite("Subprocesses")
struct SubprocessTests {
    @Test("a program is talked with while it runs")
    func converses() async throws {
        try await withSubprocess(["cat"], standardInput: .pipe, standardOutput: .pipe) { cat in
            for line in ["one", "two"] {
                try await cat.standardInput.write("\(line)\n")
                #expect(try await cat.standardOutput.readLine() == line)
            }
            try await cat.standardInput.finishWriting()
            #expect(try await cat.standardOutput.readLine() == nil)
            #expect(try await cat.wait() == .exited(0))
            #expect(cat.status == .exited(0))
        }
    }

    @Test("each standard stream goes where it is told", arguments: ["pipe", "null", "file", "append", "descriptor"])
    func redirects(kind: String) async throws {
        let path = try temporaryFile("before\n")
        defer { unlink(path) }
        let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(file) }
        let destination: Subprocess.Destination =
            switch kind {
            case "pipe": .pipe
            case "null": .null
            case "file": .file(path)
            case "append": .file(path, appends: true)
            default: .descriptor(file)
            }
        let output = try await Subprocess.run(
            .shell("cat; echo message >&2"), input: "text\n", standardOutput: destination)
        #expect(output.status == .exited(0))
        #expect(output.errorText == "message\n")
        #expect(output.text == (kind == "pipe" ? "text\n" : ""))
        let expected =
            switch kind {
            case "file": "text\n"
            case "append", "descriptor": "before\ntext\n"
            default: "before\n"
            }
        #expect(try await Subprocess.run(["cat", path]).text == expected)
    }

    @Test("standard input is a file, a descriptor or nothing")
    func readsFrom() async throws {
        let path = try temporaryFile("content")
        defer { unlink(path) }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        for (source, expected) in [(.file(path), "content"), (.descriptor(file), "content"), (.null, "")]
            as [(Subprocess.Source, String)]
        {
            let output = try await withSubprocess(["cat"], standardInput: source, standardOutput: .pipe) { cat in
                try await cat.communicate()
            }
            #expect(output.text == expected)
        }
    }

    @Test("the two outputs are merged either way, in the order of writing")
    func merges() async throws {
        let script: Subprocess.Command = .shell("echo a; echo b >&2; echo c")
        let output = try await Subprocess.run(script, standardError: .merged)
        #expect(output.text == "a\nb\nc\n")
        #expect(output.errorText == "")
        let error = try await Subprocess.run(script, standardOutput: .merged)
        #expect(error.errorText == "a\nb\nc\n")
        let neither = await #expect(throws: SystemError.self) {
            try await Subprocess.run(script, standardOutput: .merged, standardError: .merged)
        }
        #expect(neither?.code == EINVAL)
    }

    @Test("the environment is inherited, changed or replaced")
    func setsEnvironment() async throws {
        let print = "printf '%s,%s' \"$WORD\" \"${HOME-none}\""
        setenv("WORD", "inherited", 1)
        defer { unsetenv("WORD") }
        for (environment, expected) in [
            (.inherited(changing: ["HOME": nil]), "inherited,none"),
            (.inherited(changing: ["WORD": "new=er", "HOME": "/x"]), "new=er,/x"),
            (.only(["WORD": "alone"]), "alone,none"),
        ] as [(Subprocess.Environment, String)] {
            #expect(try await Subprocess.run(.shell(print, environment: environment)).text == expected)
        }
        #expect(try await Subprocess.run(.shell("printf %s \"$WORD\"")).text == "inherited")
    }

    @Test("the working directory is the one asked for, and relative programs start there")
    func setsDirectory() async throws {
        let command = Subprocess.Command(["./sh", "-c", "pwd -P"], workingDirectory: "/bin/")
        #expect(try await Subprocess.run(command).text == "/usr/bin\n")
    }

    @Test("a shell's arguments are not part of its script")
    func passesShellArguments() async throws {
        let output = try await Subprocess.run(.shell("printf '%s|' \"$@\"", arguments: ["a b", "$(exit)", "'"]))
        #expect(output.text == "a b|$(exit)|'|")
    }

    @Test(
        "what cannot be started says why and what to do",
        arguments: [
            (
                ["no-such-program"],
                "cannot start no-such-program: no such file or directory; none of the directories of"
            ),
            (["/nowhere/program"], "cannot execute /nowhere/program: no such file or directory"),
            (["/etc/passwd"], "cannot execute /etc/passwd: permission denied"),
            ([], "cannot start a program: invalid argument; name it in the first element of the command"),
            (["cat", "a\0b"], "cannot start cat: invalid argument; an argument, a path or the environment contains"),
            (["/usr"], "cannot execute /usr: permission denied"),
        ] as [([String], String)])
    func explains(arguments: [String], message: String) async throws {
        let error = await #expect(throws: SystemError.self) {
            try await Subprocess.run(Subprocess.Command(arguments), input: "x")
        }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    @Test("a script without an interpreter, a directory and a file that are not there are named")
    func explainsSurroundings() async throws {
        let path = try temporaryFile("#!/nowhere/interpreter\n")
        defer { unlink(path) }
        chmod(path, 0o755)
        let script = await #expect(throws: SystemError.self) { try await Subprocess.run([path]) }
        #expect(script?.advice == "the interpreter that its first line names, or its dynamic linker, is not there")
        let directory = await #expect(throws: SystemError.self) {
            try await Subprocess.run(Subprocess.Command(["cat"], workingDirectory: "/nowhere"))
        }
        #expect(directory?.description.contains("/nowhere") == true)
        let file = #expect(throws: SystemError.self) {
            try Subprocess.start(["cat"], standardInput: .file("/nowhere/file"), standardOutput: .pipe)
        }
        #expect(file?.description == "cannot open /nowhere/file: no such file or directory")
        let variable = await #expect(throws: SystemError.self) {
            try await Subprocess.run(.shell("", environment: .inherited(changing: ["A=B": "c"])))
        }
        #expect(variable?.code == EINVAL)
    }

    @Test("programs are found in the PATH that they will have, and only in absolute directories of it")
    func searches() async throws {
        let here = Subprocess.Command(["cat"], environment: .only(["PATH": "/nowhere:/bin"]))
        #expect(try await Subprocess.run(here, input: "x").text == "x")
        for path in ["/nowhere", "bin:.:", ""] {
            let elsewhere = Subprocess.Command(
                ["sh", "-c", ""], environment: .only(["PATH": path]), workingDirectory: "/bin")
            await #expect(throws: SystemError.self) { try await Subprocess.run(elsewhere) }
        }
        let unset = Subprocess.Command(["cat"], environment: .only([:]))
        #expect(try await Subprocess.run(unset, input: "y").text == "y")
        let forbidden = await #expect(throws: SystemError.self) {
            try await Subprocess.run(Subprocess.Command(["passwd"], environment: .only(["PATH": "/etc"])))
        }
        #expect(forbidden?.code == EACCES)
    }

    @Test("a FIFO with nobody behind it is an error, not a wait")
    func refusesLonelyFIFOs() async throws {
        let path = try temporaryFile("")
        unlink(path)
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let error = await #expect(throws: SystemError.self) {
            try await Subprocess.run(["cat"], standardOutput: .file(path))
        }
        #expect(error?.code == ENXIO)
    }

    @Test("waiting can be cancelled without ending the program")
    func cancelsWaiting() async throws {
        let process = try Subprocess.start(["sleep", "60"])
        let waiting = Task.immediate { try await process.wait() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(process.status == nil)
        try process.terminate()
        #expect(try await process.wait() == .signaled(SIGTERM, coreDumped: false))
        try process.kill()
    }

    func temporaryFile(_ content: String) throws -> String {
        var template = Array("/tmp/martlet-subprocess-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        write(descriptor, content, content.utf8.count)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

import MartletLoop
import MartletNet

/// Other programs: run one, connect several, talk to one while it runs, and end one that takes too long.
@main
struct Pipelines {
    static func main() async throws {
        let answer = try await Subprocess.run(["tr", "a-z", "A-Z"], input: "run a program\n").check()
        print(answer.text, terminator: "")

        let words = "the cat and the dog and the bird\n"
        let counted = try await Subprocess.pipeline(
            [["tr", "-s", " ", "\n"], ["sort"], ["uniq", "-c"], ["sort", "-rn"], ["head", "-n", "1"]], input: words)
        print("most frequent:", counted.text.split(separator: " ").joined(separator: " "), terminator: "")

        let status = try await withSubprocess(["cat"], standardInput: .pipe, standardOutput: .pipe) { cat in
            for line in ["one", "two"] {
                try await cat.standardInput.write("\(line)\n")
                print("cat says", try await cat.standardOutput.readLine() ?? "nothing")
            }
            try await cat.standardInput.finishWriting()
            return try await cat.wait()
        }
        print("cat \(status)")

        do {
            _ = try await withTimeout(.milliseconds(100), for: "sleep") { try await Subprocess.run(["sleep", "60"]) }
        } catch let error as TimeoutError {
            print("\(error.subject ?? "") took too long, and was ended")
        }

        do {
            _ = try await Subprocess.run(["no-such-program"])
        } catch {
            print(error)
        }
    }
}

import MartletLoop
import MartletRESP
import MartletRedis
import Testing

/// Callers who each count up the number of a key, and ask by WAIT how many replicas have it.
final class WriteLoad {
    /// How many replicas have to have a number for it to count as safe.
    private let replicas: Int64
    private let keys: [String]
    private let send: ([RedisCommand]) async throws -> [RESPValue]
    /// Of each key the highest number that was sent, and the highest that is safe.
    private var sent: [String: Int] = [:]
    private var safe: [String: Int] = [:]
    /// How many writes of each key were answered, and how many were found safe.
    private(set) var answered: [String: Int] = [:]
    private(set) var confirmed: [String: Int] = [:]
    private var strays: [String] = []
    private var tasks: [Task<Void, Never>] = []
    private var isStopped = false

    init(keys: [String], replicas: Int64, _ send: @escaping ([RedisCommand]) async throws -> [RESPValue]) {
        self.keys = keys
        self.replicas = replicas
        self.send = send
    }

    deinit {}

    func start() {
        tasks = keys.map { key in Task { await write(key) } }
    }

    private func write(_ key: String) async {
        var number = 0
        while !isStopped {
            number += 1
            sent[key] = number
            // The echo shows whose answers these are.
            let mark = "\(key) \(number)"
            let commands = [
                RedisCommand("SET", key: key, number), RedisCommand("WAIT", replicas, 100),
                RedisCommand("EVAL", "return ARGV[1]", 0, mark),
            ]
            guard let answers = try? await send(commands) else { continue }
            if case .error = answers[2] {
            } else if answers[2].text != mark {
                strays.append("\(mark) got \(answers[2])")
            }
            guard answers[0].text == "OK" else { continue }
            answered[key, default: 0] += 1
            if case .integer(let copies) = answers[1], copies >= replicas {
                safe[key] = number
                confirmed[key, default: 0] += 1
            }
        }
    }

    func awaitConfirmations(_ count: Int) async throws {
        try await RedisGroups.eventually("every key is safe \(count) times: \(confirmed)", within: .seconds(120)) {
            keys.allSatisfy { confirmed[$0] ?? 0 >= count }
        }
    }

    func awaitAnswers(_ count: Int, beyond before: [String: Int]) async throws {
        try await RedisGroups.eventually("every key is written \(count) times more: \(answered)", within: .seconds(120))
        {
            keys.allSatisfy { answered[$0] ?? 0 >= (before[$0] ?? 0) + count }
        }
    }

    func stop() async throws {
        isStopped = true
        for task in tasks { await task.value }
        #expect(strays.isEmpty, "\(strays.prefix(5))")
    }

    /// Whether of each key at least what was safe is there, and nothing that was never sent.
    func check(_ get: (String) async throws -> String?) async throws {
        for key in keys {
            let text = try await get(key)
            let number = try #require(text.flatMap { Int($0) }, "\(key) is \(text ?? "gone")")
            #expect(number >= safe[key] ?? 0, "\(key)")
            #expect(number <= sent[key] ?? 0, "\(key)")
        }
    }
}

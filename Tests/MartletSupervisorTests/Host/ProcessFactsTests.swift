import Glibc
import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("Process facts")
struct ProcessFactsTests {
    private let stat = """
        42 (a) b (c) S 1 42 42 0 -1 4194560 500 0 0 0 250 30 0 0 20 0 3 0 12345 10485760 1800 18446744073709551615 1 1
        """

    @Test("a name with parentheses and spaces does not confuse")
    func parsing() throws {
        let facts = try #require(
            ProcessFacts(
                stat: stat, privateMemory: "Rss: 9 kB\nPrivate_Clean:   12 kB\nPrivate_Dirty:\t 30 kB\n",
                openDescriptors: 7, ticksPerSecond: 100, pageSize: 4096))
        #expect(facts.state == "S")
        #expect(facts.userMicroseconds == 2_500_000)
        #expect(facts.systemMicroseconds == 300_000)
        #expect(facts.threads == 3)
        #expect(facts.residentBytes == 1800 * 4096)
        #expect(facts.privateBytes == 42 * 1024)
        #expect(facts.openDescriptors == 7)
    }

    @Test(
        "malformed text gives no facts",
        arguments: ["", "1 (x", "1 (x) S 1 2", "1 (x) S a b c d e f g h i j k l m n o p q r s t u v"])
    func malformed(text: String) {
        #expect(ProcessFacts(stat: text, privateMemory: nil, openDescriptors: nil) == nil)
    }

    @Test("this process has facts; a process that does not exist has none")
    func current() throws {
        let facts = try #require(ProcessFacts.read(pid: getpid(), thoroughly: true))
        #expect(facts.residentBytes > 0 && facts.threads >= 1)
        #expect((facts.openDescriptors ?? 0) >= 3)
        #expect((facts.privateBytes ?? 0) > 0)
        #expect(ProcessFacts.read(pid: -7) == nil)
    }

    @Test("recorded CPU times never go backwards")
    func recording() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        let block = try memory.allocate(slot: 0)
        let facts = try #require(ProcessFacts(stat: stat, privateMemory: nil, openDescriptors: nil))
        block.process.set(.userMicroseconds, 9_000_000)
        block.record(facts)
        #expect(block.process.load(.userMicroseconds) == 9_000_000)
        #expect(block.process.load(.systemMicroseconds) == facts.systemMicroseconds)
        #expect(block.process.load(.residentBytes) == facts.residentBytes)
    }
}

import MartletLoop
import MartletRESP
import MartletRedis
import RedisFixture
import Testing

extension RedisGroups {
    @Suite("Clusters")
    struct Clusters {
        @Test("commands reach whom they concern, divided where that is possible")
        func commands() async throws {
            try await RedisClusterFixture.with { cluster in
                let client = RedisGroups.client(of: cluster)
                defer { client.close() }
                try await checkSingleKeys(client)
                try await checkManyKeys(client)
                try await checkAllMasters(client)
                try await checkPipelines(client)
                try await checkTransactions(client)
                try await checkReplicas(cluster)
                try await checkSubscriptions(client)
                try await checkMigration(cluster, client)
            }
        }

        private func checkSingleKeys(_ client: RedisClusterClient) async throws {
            for index in 0..<100 {
                #expect(try await client.text("SET", key: "key:\(index)", "value \(index)") == "OK")
            }
            for index in 0..<100 {
                #expect(try await client.text("GET", key: "key:\(index)") == "value \(index)")
            }
            #expect(client.slotMap.isComplete)
            #expect(client.slotMap.shards.count == 3)
            #expect(client.slotMap.shards.allSatisfy { $0.replicas.count == 1 })
            // Of a command whose keys nobody has marked, the node says where it belongs.
            let answer = try await client.send(RedisCommand("GET", "key:7"))
            #expect(answer.text == "value 7")
            let error = await #expect(throws: RedisError.self) {
                try await client.send(RedisCommand("LPUSH", key: "key:1", "x"))
            }
            #expect(error?.serverCode == "WRONGTYPE")
        }

        private func checkManyKeys(_ client: RedisClusterClient) async throws {
            var mset = RedisCommand("MSET")
            var mget = RedisCommand("MGET", traits: .readOnly)
            for index in 0..<50 {
                mset.append(key: "many:\(index)")
                mset.append("\(index)")
                mget.append(key: "many:\(index)")
            }
            mget.append(key: "many:absent")
            #expect(try await client.send(mset).text == "OK")
            let values = try await client.send(mget).elements?.map(\.text)
            #expect(values == (0..<50).map { "\($0)" } + [nil])
            for (name, count) in [("EXISTS", 3), ("TOUCH", 3), ("UNLINK", 3), ("DEL", 0)] {
                var command = RedisCommand(name)
                command.append(keys: ["many:1", "many:2", "many:3", "many:absent"])
                let answer = try await client.send(command)
                #expect(answer == .integer(Int64(count)), "\(name)")
            }
            var across = RedisCommand("SUNION")
            across.append(keys: ["a", "b"])
            let error = await #expect(throws: RedisError.self) { try await client.send(across) }
            #expect(error?.code == .invalidCommand)
            #expect(error?.isUnsent == true)
        }

        private func checkAllMasters(_ client: RedisClusterClient) async throws {
            let size = try await client.send(RedisCommand("DBSIZE"))
            #expect(size == .integer(147))
            let keys = try await client.send(RedisCommand("KEYS", "key:*")).elements
            #expect(keys?.count == 100)
            var cursor = "0"
            var found: Set<String> = []
            repeat {
                let answer = try await client.send(RedisCommand("SCAN", cursor, "COUNT", 7))
                let parts = try #require(answer.elements)
                cursor = try #require(parts[0].text)
                found.formUnion(try #require(parts[1].elements).compactMap(\.text))
            } while cursor != "0"
            #expect(found.count == 147)
            let digest = try #require(try await client.send(RedisCommand("SCRIPT LOAD", "return 1")).text)
            let known = try await client.send(RedisCommand("SCRIPT EXISTS", digest, "0000"))
            #expect(known == .array([.integer(1), .integer(0)]))
        }

        private func checkPipelines(_ client: RedisClusterClient) async throws {
            var commands: [RedisCommand] = []
            for index in 0..<300 {
                commands.append(RedisCommand("SET", key: "pipe:\(index % 100)", "\(index)"))
                commands.append(RedisCommand("GET", key: "pipe:\(index % 100)"))
            }
            let answers = try await client.send(commands)
            #expect(answers.count == 600)
            for index in 0..<300 { #expect(answers[index * 2 + 1].text == "\(index)") }
            // An error is an answer like others, and WAIT goes where the command before it went.
            var mget = RedisCommand("MGET")
            mget.append(keys: ["pipe:1", "pipe:2", "pipe:3"])
            let mixed = try await client.send([
                RedisCommand("SET", key: "waited", "x"), RedisCommand("WAIT", 1, 20_000),
                RedisCommand("LPUSH", key: "waited", "y"), mget, RedisCommand("GET", key: "waited"),
            ])
            #expect(mixed[0].text == "OK")
            #expect(mixed[1] == .integer(1))
            if case .error(let reply) = mixed[2] {
                #expect(reply.code == "WRONGTYPE")
            } else {
                Issue.record("no error")
            }
            #expect(mixed[3].elements?.map(\.text) == ["201", "202", "203"])
            #expect(mixed[4].text == "x")
            #expect(try await client.send([RedisCommand]()).isEmpty)
        }

        private func checkTransactions(_ client: RedisClusterClient) async throws {
            let answers = try await client.transaction(
                pipeline([
                    RedisCommand("SET", key: "{t}1", "1"), RedisCommand("INCR", key: "{t}1"),
                    RedisCommand("GET", key: "{t}1"),
                ]))
            #expect(answers.values == [.simple("OK"), .integer(2), .bulk("2")])
            for commands in [
                [RedisCommand("SET", key: "a", "1"), RedisCommand("SET", key: "b", "1")], [RedisCommand("PING")],
            ] {
                let error = await #expect(throws: RedisError.self) { try await client.transaction(pipeline(commands)) }
                #expect(error?.code == .invalidCommand)
            }
            // What the server does not accept: nothing is executed.
            await #expect(throws: RedisError.self) {
                try await client.transaction(
                    pipeline([RedisCommand("SET", key: "{t}1", "3"), RedisCommand("NOSUCHCOMMAND", key: "{t}1")]))
            }
            #expect(try await client.text("GET", key: "{t}1") == "2")
        }

        private func pipeline(_ commands: [RedisCommand]) -> RedisPipeline {
            var pipeline = RedisPipeline()
            for command in commands { pipeline.add(command) }
            return pipeline
        }

        private func checkReplicas(_ cluster: RedisClusterFixture) async throws {
            for reads in [RedisReads.replicas, .everybody] {
                let reader = RedisGroups.client(of: cluster) { $0.reads = reads }
                defer { reader.close() }
                for index in 0..<100 {
                    try await RedisGroups.eventually("a replica has what the master has") {
                        try await reader.text("GET", key: "key:\(index)", traits: .readOnly) == "value \(index)"
                    }
                }
                #expect(try await reader.text("SET", key: "key:1", "value 1") == "OK")
            }
            var reads = 0
            for replica in cluster.nodes[3...] {
                let stats = try await replica.ask("INFO commandstats")
                if stats.contains("cmdstat_get:") { reads += 1 }
            }
            #expect(reads == 3, "replicas that were read from")
        }

        private func checkSubscriptions(_ client: RedisClusterClient) async throws {
            let names = (0..<10).map { "news:\($0)" }
            let plain = try await client.subscribe(.channels(names), buffer: RedisSubscriptionBuffer())
            let sharded = try await client.subscribe(.shardChannels(names), buffer: RedisSubscriptionBuffer())
            for name in names {
                _ = try await client.send(RedisCommand("PUBLISH", name, "all \(name)"))
                let receivers = try await client.send(RedisCommand("SPUBLISH", name, "shard \(name)"))
                #expect(receivers == .integer(1))
            }
            var heard: Set<String> = []
            while heard.count < 10, let event = try await plain.next() { heard.insert(event.message?.text ?? "gap") }
            #expect(heard == Set(names.map { "all \($0)" }))
            heard = []
            while heard.count < 10, let event = try await sharded.next() { heard.insert(event.message?.text ?? "gap") }
            #expect(heard == Set(names.map { "shard \($0)" }))
        }

        /// A slot goes from one node to another while commands for it, and messages, go on.
        private func checkMigration(_ cluster: RedisClusterFixture, _ client: RedisClusterClient) async throws {
            let slot = RedisSlot(of: "{move}")
            let from = try #require(client.slotMap.shard(of: slot)).master.port
            let to = try #require(client.slotMap.shards.first { $0.master.port != from }).master.port
            let source = try #require(cluster.node(at: from))
            let target = try #require(cluster.node(at: to))
            for key in ["{move}here", "{move}gone"] { _ = try await client.text("SET", key: key, "x") }
            let subscription = try await client.subscribe(toShardChannels: "{move}news")
            let sourceID = try await source.ask("CLUSTER MYID")
            let targetID = try await target.ask("CLUSTER MYID")
            try await target.ask("CLUSTER SETSLOT \(slot) IMPORTING \(sourceID)")
            try await source.ask("CLUSTER SETSLOT \(slot) MIGRATING \(targetID)")
            try await source.ask("MIGRATE 127.0.0.1 \(target.port) {move}gone 0 5000")
            // The one is still here, the other is to be asked for there.
            #expect(try await client.text("GET", key: "{move}here") == "x")
            #expect(try await client.text("GET", key: "{move}gone") == "x")
            let answers = try await client.send([
                RedisCommand("APPEND", key: "{move}gone", "y"), RedisCommand("APPEND", key: "{move}here", "z"),
                RedisCommand("GET", key: "{move}gone"), RedisCommand("GET", key: "{move}here"),
            ])
            #expect(answers == [.integer(2), .integer(2), .bulk("xy"), .bulk("xz")])
            #expect(client.statistics.asked > 0)
            // A command for both is told to try again until the slot has moved.
            var both = RedisCommand("MGET")
            both.append(keys: ["{move}here", "{move}gone"])
            async let values = client.send(both)
            try await RedisGroups.eventually("it has been told to") { client.statistics.repeated > 0 }
            try await source.ask("MIGRATE 127.0.0.1 \(target.port) {move}here 0 5000")
            for node in [target, source] { try await node.ask("CLUSTER SETSLOT \(slot) NODE \(targetID)") }
            #expect(try await values.elements?.map(\.text) == ["xz", "xy"])
            #expect(try await client.text("GET", key: "{move}here") == "xz")
            #expect(client.slotMap.shard(of: slot)?.master.port == target.port)
            // The subscription has moved along, and says that something may be missing.
            var event = try await subscription.next()
            #expect(event == .gap(.moved))
            let receivers = try await client.send(RedisCommand("SPUBLISH", "{move}news", "moved"))
            #expect(receivers == .integer(1))
            event = try await subscription.next()
            #expect(event?.message?.text == "moved")
        }
    }
}

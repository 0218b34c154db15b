import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("Statistics catalogue")
struct StatisticsCatalogueTests {
    @Test("names are unique and in snake case, help is one line without a full stop")
    func names() {
        let fields = StatisticsCatalogue.fields
        #expect(Set(fields.map(\.name)).count == fields.count)
        for field in fields {
            #expect(field.name.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_".contains($0) })
            #expect(!field.help.isEmpty && !field.help.hasSuffix(".") && !field.help.contains("\n"))
        }
    }

    @Test("no two figures share a word")
    func words() {
        let words = (StatisticsCatalogue.all + StatisticsCatalogue.service).map(\.word)
        #expect(Set(words).count == words.count)
    }
}

@Suite("Request rate")
struct RequestRateTests {
    private func rate(_ samples: [(seconds: Double, requests: UInt64)]) -> RequestRate {
        var rate = RequestRate(window: .seconds(5))
        for sample in samples {
            rate.record(requests: sample.requests, at: .init(nanoseconds: UInt64(sample.seconds * 1e9)))
        }
        return rate
    }

    @Test("there is no rate before the second sample")
    func tooFewSamples() {
        #expect(rate([]).text == "0 req/s")
        #expect(rate([(1, 1000)]).text == "0 req/s")
        #expect(rate([(1, 1000), (1, 2000)]).text == "0 req/s")
    }

    @Test("the rate is over the window, not since the start")
    func window() {
        let samples = (0...20).map { (seconds: Double($0), requests: $0 <= 10 ? UInt64($0) * 1000 : 10_000) }
        #expect(rate(Array(samples[...10])).perSecond == 1000)
        #expect(rate(samples).perSecond == 0)
    }

    @Test(
        "rates are short",
        arguments: [
            (0, "0 req/s"), (950, "950 req/s"), (1000, "1.0k req/s"), (12_449, "12.4k req/s"), (999_960, "1.0M req/s"),
            (1_230_000, "1.2M req/s"),
        ] as [(UInt64, String)])
    func text(requests: UInt64, text: String) {
        #expect(rate([(1, 0), (2, requests)]).text == text)
    }

    @Test("a total that went backwards counts as no requests")
    func backwards() {
        #expect(rate([(1, 500), (2, 100)]).perSecond == 0)
    }
}

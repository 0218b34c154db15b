import Testing

@testable import MartletLoop

@Suite("Latency histogram")
struct LatencyHistogramTests {
    @Test("every bucket's middle falls into that bucket, and buckets ascend")
    func bucketsAndMiddlesAgree() {
        var last: UInt64 = 0
        for bucket in 0..<LatencyHistogram.wordCount {
            let middle = LatencyHistogram.middle(of: bucket)
            #expect(LatencyHistogram.bucket(of: middle) == bucket)
            #expect(bucket == 0 || middle > last)
            last = middle
        }
    }

    @Test(
        "a duration is reported within one percent",
        arguments: [1, 2, 63, 64, 65, 127, 128, 129, 1_000, 55_555, 1 << 20, (1 << 30) - 1, 59_999_999_999] as [UInt64])
    func relativeError(nanoseconds: UInt64) {
        let histogram = LatencyHistogram.allocate()
        defer { histogram.deallocate() }
        histogram.record(nanoseconds: nanoseconds)
        let reported = histogram.quantile(0.5)
        #expect(abs(Double(reported) - Double(nanoseconds)) <= Double(nanoseconds) * 0.01)
        #expect(histogram.count == 1)
    }

    @Test("random durations are reported within one percent")
    func relativeErrorAtRandom() {
        for _ in 0..<20_000 {
            let nanoseconds = UInt64.random(in: 0...LatencyHistogram.longestNanoseconds) >> UInt64.random(in: 0...35)
            let reported = LatencyHistogram.middle(of: LatencyHistogram.bucket(of: nanoseconds))
            #expect(abs(Double(reported) - Double(nanoseconds)) <= Double(nanoseconds) * 0.01)
        }
    }

    @Test("the first and the last duration have the first and the last bucket; longer ones share it")
    func ends() {
        #expect(LatencyHistogram.bucket(of: 0) == 0)
        #expect(LatencyHistogram.bucket(of: LatencyHistogram.longestNanoseconds) == LatencyHistogram.wordCount - 1)
        #expect(LatencyHistogram.bucket(of: .max) == LatencyHistogram.wordCount - 1)
    }

    @Test("quantiles of a thousand different durations are where they belong")
    func quantiles() {
        let histogram = LatencyHistogram.allocate()
        defer { histogram.deallocate() }
        for microseconds in 1...1000 { histogram.record(nanoseconds: UInt64(microseconds) * 1000) }
        let expected: [(Double, Double)] = [
            (-1, 1), (0, 1), (0.5, 500), (0.9, 900), (0.99, 990), (0.999, 999), (1, 1000), (2, 1000),
        ]
        for (share, microseconds) in expected {
            #expect(abs(Double(histogram.quantile(share)) / 1000 - microseconds) <= microseconds * 0.01)
        }
        #expect(histogram.quantiles(expected.map(\.0)) == expected.map { histogram.quantile($0.0) })
        #expect(abs(Double(histogram.total) - 500_500_000) <= 5_005_000)
    }

    @Test("an empty histogram reports zeros")
    func empty() {
        let histogram = LatencyHistogram.allocate()
        defer { histogram.deallocate() }
        #expect(histogram.count == 0)
        #expect(histogram.quantiles([0, 0.5, 1]) == [0, 0, 0])
    }

    @Test("merging two histograms equals recording into one")
    func merging() {
        let (one, other, both) = (LatencyHistogram.allocate(), LatencyHistogram.allocate(), LatencyHistogram.allocate())
        defer { for histogram in [one, other, both] { histogram.deallocate() } }
        for _ in 0..<1000 {
            let nanoseconds = UInt64.random(in: 1...10_000_000)
            (Bool.random() ? one : other).record(nanoseconds: nanoseconds)
            both.record(nanoseconds: nanoseconds)
        }
        one.add(other)
        let shares = stride(from: 0, through: 1, by: 0.01).map { $0 }
        #expect(one.quantiles(shares) == both.quantiles(shares))
        #expect(one.count == 1000)
        one.reset()
        #expect(one.count == 0)
    }
}

import Testing

@testable import MartletHTTP

@Suite("Trace context")
struct TraceContextTests {
    /// The identifiers are those of the specification's examples.
    private static let ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    @Test(
        "traceparent comes back in version 00, with the flags that are known",
        arguments: [
            ("00-\(ids)-01", "00-\(ids)-01"), ("00-\(ids)-00", "00-\(ids)-00"), ("00-\(ids)-03", "00-\(ids)-03"),
            ("00-\(ids)-ff", "00-\(ids)-03"), ("01-\(ids)-01", "00-\(ids)-01"), ("cc-\(ids)-01-what", "00-\(ids)-01"),
            ("cc-\(ids)-01-", "00-\(ids)-01"), (" 00-\(ids)-01 ", "00-\(ids)-01"),
        ])
    func reads(_ field: String, _ expected: String) {
        #expect(TraceParent(field)?.description == expected)
    }

    @Test(
        "what is malformed begins no trace",
        arguments: [
            "", "00", "00-\(ids)", "00-\(ids)-", "00-\(ids)-1", "00-\(ids)-01-", "00-\(ids)-01-00", "ff-\(ids)-01",
            "0-\(ids)-01", "00-\(ids.uppercased())-01", "00-\(ids)-0A", "cc-\(ids)-01.what", "00_\(ids)_01",
            "00-\(ids)-0x",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01", "é", "00-\(ids)-01,00-\(ids)-01",
        ])
    func refuses(_ field: String) {
        #expect(TraceParent(field) == nil)
    }

    @Test("flags and identifiers are taken apart")
    func parts() {
        let trace = TraceParent("00-\(Self.ids)-02")
        #expect(trace?.traceID == 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736)
        #expect(trace?.parentID == 0x00f0_67aa_0ba9_02b7)
        #expect(trace?.isSampled == false)
        #expect(trace?.isRandom == true)
        #expect(trace?.parentIDText == "00f067aa0ba902b7")
        #expect(TraceParent(traceID: 0, parentID: 1, isSampled: true) == nil)
    }

    @Test("a new trace is random, and its children belong to it")
    func random() {
        let traces = (0..<100).map { _ in TraceParent.random() }
        #expect(Set(traces.map(\.traceID)).count == 100)
        for trace in traces {
            #expect(TraceParent(trace.description) == trace)
            let child = trace.child()
            #expect(child.traceID == trace.traceID && child.parentID != trace.parentID && child.isRandom)
        }
        #expect(!TraceParent.random(isSampled: false).child().isSampled)
    }

    @Test(
        "tracestate is passed on if it is valid",
        arguments: [
            ("rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7"),
            ("congo=t61rcWkgMzE , rojo=00f0", "congo=t61rcWkgMzE,rojo=00f0"),
            ("fw529a3039@dt=FfAoxsYnbE, 0a=b c", "fw529a3039@dt=FfAoxsYnbE,0a=b c"), (",a=1,,", "a=1"), ("", nil),
            (",", nil),
            ("a", nil), ("a=", nil), ("=a", nil), ("A=1", nil), ("@a=1", nil), ("a=b=c", nil), ("a=1,a=2", nil),
            ("a =1", nil),
            ("a=\u{1}", nil), ("a=é", nil), ("a=b, junk", nil),
        ] as [(String, String?)])
    func state(_ field: String, _ expected: String?) {
        #expect(TraceState(field)?.description == expected)
    }

    @Test("tracestate is bounded: large members go first, then the last")
    func stateLimits() {
        let members = (0..<32).map { "k\($0)=v" }
        #expect(TraceState(members.joined(separator: ","))?.members == members)
        #expect(TraceState((members + ["x=y"]).joined(separator: ",")) == nil)

        let large = "large=" + String(repeating: "x", count: 200)
        let medium = (0..<4).map { "m\($0)=" + String(repeating: "x", count: 117) }
        #expect(TraceState(([large] + medium).joined(separator: ","))?.members == medium)
        let many = (0..<10).map { "m\($0)=" + String(repeating: "x", count: 117) }
        #expect(TraceState(many.joined(separator: ","))?.members == Array(many.prefix(4)))
        #expect(TraceState("a=" + String(repeating: "x", count: 257)) == nil)
    }
}

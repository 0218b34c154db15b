import Testing

@testable import MartletHTTP

@Suite("Dates")
struct HTTPDateTests {
    private let now = HTTPDate(unixTime: 1_700_000_000)

    @Test(
        "times are written as IMF-fixdate",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"), (Int64.min, "Sat, 01 Jan 0000 00:00:00 GMT"),
        ])
    func writes(_ time: Int64, _ text: String) {
        #expect(HTTPDate(unixTime: time).description == text)
    }

    @Test(
        "all three formats are read",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ])
    func reads(_ text: String) {
        #expect(HTTPDate(text, now: now)?.unixTime == 784_111_777)
    }

    @Test(
        "two digits of year mean at most fifty years from now",
        arguments: [
            ("Friday, 01-Jan-73 00:00:00 GMT", 3_250_454_400), ("Friday, 01-Jan-74 00:00:00 GMT", 126_230_400),
            ("Saturday, 01-Jan-00 00:00:00 GMT", 946_684_800),
        ])
    func centuries(_ text: String, _ time: Int64) {
        #expect(HTTPDate(text, now: now)?.unixTime == time)
    }

    @Test(
        "what is no date is none",
        arguments: [
            "", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT", "sun, 06 nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 08:49:37 UTC",
            "Xxx, 06 Nov 1994 08:49:37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
            "Wednesday, 29-Feb-23 08:49:37 GMT",
        ])
    func refuses(_ text: String) {
        #expect(HTTPDate(text, now: now) == nil)
    }

    @Test("every day of eight centuries comes back as it went")
    func roundTrip() {
        for day in stride(from: Int64(-146_097), to: 2 * 146_097, by: 1) {
            #expect(CivilDate(daysSinceEpoch: day).daysSinceEpoch == day)
        }
        for time in stride(from: Int64(-2_000_000_000), to: 8_000_000_000, by: 86_400 * 37 + 12_345) {
            #expect(HTTPDate(HTTPDate(unixTime: time).description, now: now)?.unixTime == time)
        }
    }
}

import MartletRESP
import Testing

@Suite("parser of RESP")
struct ParserTests {
}

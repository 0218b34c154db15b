import Testing

@testable import MartletWebSocketCodec

@Suite("WebSocket frame headers")
struct WebSocketFrameHeaderTests {
    static func written(_ header: WebSocketFrameHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: WebSocketFrameHeader.maximumSize)
        let size = bytes.withUnsafeMutableBufferPointer { header.write(to: $0.baseAddress!) }
        #expect(bytes[size...].allSatisfy { $0 == 0xEE } && size == header.size)
        return Array(bytes[..<size])
    }

    static let written: [(WebSocketFrameHeader, [UInt8])] = [
        (WebSocketFrameHeader(.text, payloadLength: 5), [0x81, 0x05]),
        (WebSocketFrameHeader(.text, payloadLength: 3, isFinal: false), [0x01, 0x03]),
        (WebSocketFrameHeader(.continuation, payloadLength: 2), [0x80, 0x02]),
        (
            WebSocketFrameHeader(.text, payloadLength: 5, mask: WebSocketMask(key: 0x3D21_FA37)),
            [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D]
        ),
        (WebSocketFrameHeader(.ping, payloadLength: 125), [0x89, 0x7D]),
        (WebSocketFrameHeader(.binary, payloadLength: 126), [0x82, 0x7E, 0x00, 0x7E]),
        (WebSocketFrameHeader(.binary, payloadLength: 256), [0x82, 0x7E, 0x01, 0x00]),
        (WebSocketFrameHeader(.binary, payloadLength: 65535), [0x82, 0x7E, 0xFF, 0xFF]),
        (WebSocketFrameHeader(.binary, payloadLength: 65536), [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]),
        (WebSocketFrameHeader(.binary, payloadLength: .max), [0x82, 0x7F, 0x7F] + [UInt8](repeating: 0xFF, count: 7)),
        (WebSocketFrameHeader(.text, payloadLength: 7, isCompressed: true), [0xC1, 0x07]),
    ]

    @Test("headers are written in their shortest form and read back, whole and from no less", arguments: written)
    func roundTrip(_ header: WebSocketFrameHeader, _ bytes: [UInt8]) throws {
        #expect(Self.written(header) == bytes)
        for count in 0...bytes.count {
            let read = try bytes[..<count].withUnsafeBytes { try WebSocketFrameHeader($0) }
            #expect(read == (count == bytes.count ? header : nil))
        }
    }

    static let refused: [[UInt8]] = [
        [0xA1], [0x91], [0xB1], [0xC8], [0xC9], [0xC0], [0x83], [0x87], [0x8B], [0x8F], [0x08], [0x09], [0x0A],
        [0x89, 0x7E], [0x88, 0xFF], [0x82, 0x7E, 0, 0x7D], [0x82, 0xFE, 0, 0], [0x82, 0x7F, 0x80],
        [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0],
    ]

    @Test("what cannot begin a frame is refused with 1002 at the byte that makes it so", arguments: refused)
    func refuses(_ bytes: [UInt8]) {
        for count in 0..<bytes.count {
            #expect(throws: Never.self) { try bytes[..<count].withUnsafeBytes { _ = try WebSocketFrameHeader($0) } }
        }
        let error = #expect(throws: WebSocketError.self) {
            try bytes.withUnsafeBytes { _ = try WebSocketFrameHeader($0) }
        }
        #expect(error?.code == .protocolError)
    }

    @Test("codes that only stand for what was not received are not valid on the wire")
    func closeCodes() {
        let valid = (UInt16.min ... .max).filter { WebSocketCloseCode(rawValue: $0).isValidOnTheWire }
        #expect(valid == Array(1000...1003) + Array(1007...1014) + Array(3000...4999))
    }

    static let reasons: [(String, String)] = [
        ("", ""), ("bye", "bye"), (String(repeating: "a", count: 200), String(repeating: "a", count: 123)),
        (String(repeating: "\u{20AC}", count: 50), String(repeating: "\u{20AC}", count: 41)),
        (String(repeating: "a", count: 121) + "\u{1F600}", String(repeating: "a", count: 121)),
    ]

    @Test("a reason that is too long is cut between characters", arguments: reasons)
    func closePayload(_ reason: String, _ expected: String) throws {
        var bytes = [UInt8](repeating: 0, count: 125)
        let payload = WebSocketClosePayload(.goingAway, reason: reason)
        let size = bytes.withUnsafeMutableBufferPointer { payload.write(to: $0.baseAddress!) }
        let read = try bytes[..<size].withUnsafeBytes { try WebSocketClosePayload($0) }
        #expect(read == WebSocketClosePayload(.goingAway, reason: expected))
    }
}

import HTTPTypes

/// Gives every request a name of its own, ``Request/id``, which logs and traces know it by, and tells it to the client.
///
/// Names are 15 letters and digits: nine that are drawn when the process starts, so that no two workers give the same,
/// and a number. Making one allocates nothing.
public final class RequestIdentifier: Filter {
    private let name: HTTPField.Name
    private let trustsClients: Bool
    private var prefix: UInt64
    private var number: UInt64 = 0

    /// More of them, and they are not a name.
    private static let mostBytes = 128
    private static let prefixDigits = 9
    private static let numberDigits = 6
    /// 62 to the power of the digits.
    private static let prefixes: UInt64 = 13_537_086_546_263_552
    private static let numbers: UInt64 = 56_800_235_584

    /// A filter that names requests.
    ///
    /// - Parameters:
    ///   - name: the field, `X-Request-ID` unless said otherwise.
    ///   - trustsClients: whether a name that the request brings is kept: of up to 128 letters, digits and `-_.:/+=@~`.
    ///     For servers behind a proxy that gives names.
    public init(name: HTTPField.Name = .requestIdentifier, trustsClients: Bool = false) {
        self.name = name
        self.trustsClients = trustsClients
        prefix = .random(in: 0..<Self.prefixes)
    }

    deinit {}

    /// Names the request.
    public func before(_ request: Request) throws -> Response? {
        if trustsClients, let given = request[name], Self.isValid(given) {
            request.id = given
        } else {
            request.id = makeIdentifier()
        }
        return nil
    }

    /// Tells the name.
    public func after(_ request: Request, _ response: inout Response) throws {
        guard let id = request.id, !response.fields.includes(name) else { return }
        response.fields.append(HTTPField(name: name, value: id))
    }

    private static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...mostBytes).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x3A, 0x3D, 0x40...0x5A, 0x5F, 0x61...0x7A, 0x7E, 0x2B, 0x2D...0x2F: true
                default: false
                }
            }
    }

    private func makeIdentifier() -> String {
        number += 1
        if number == Self.numbers {
            number = 0
            prefix = .random(in: 0..<Self.prefixes)
        }
        let count = Self.prefixDigits + Self.numberDigits
        return String(unsafeUninitializedCapacity: count) { bytes in
            Self.write(prefix, to: bytes, 0, Self.prefixDigits)
            Self.write(number, to: bytes, Self.prefixDigits, count)
            return count
        }
    }

    /// Writes a number to the bytes `start..<end`.
    private static func write(
        _ number: UInt64, to bytes: UnsafeMutableBufferPointer<UInt8>, _ start: Int, _ end: Int
    ) {
        var rest = number
        for index in stride(from: end - 1, through: start, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest % 62)
            rest /= 62
            bytes[index] = digit < 10 ? 0x30 + digit : digit < 36 ? 0x41 + digit - 10 : 0x61 + digit - 36
        }
    }
}

extension HTTPField.Name {
    /// `X-Request-ID`, what proxies and logs call the name of a request.
    public static let requestIdentifier = HTTPField.Name("X-Request-ID")!
}

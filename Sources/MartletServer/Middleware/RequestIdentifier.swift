import HTTPTypes

/// Gives every request a name of its own, ``Request/id``, which logs and traces know it by, and tells it to the client.
///
/// Names are 15 letters and digits: nine that are drawn when the process starts, so that no two workers give the same,
/// and a number. Making one allocates nothing.
public final class RequestIdentifier: Filter {
    private let name: HTTPField.Name
    private let trustsClients: Bool
    /// The name that was given last.
    private var digits = [UInt8](repeating: UInt8(ascii: "0"), count: RequestIdentifier.count)

    /// More of them, and they are not a name.
    private static let mostBytes = 128
    private static let count = 15
    /// How many of the digits are drawn; the others count.
    private static let drawn = 9
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A filter that names requests.
    ///
    /// - Parameters:
    ///   - name: the field, `X-Request-ID` unless said otherwise.
    ///   - trustsClients: whether a name that the request brings is kept: of up to 128 letters, digits and `-_.:/+=@~`.
    ///     For servers behind a proxy that gives names.
    public init(name: HTTPField.Name = .requestIdentifier, trustsClients: Bool = false) {
        self.name = name
        self.trustsClients = trustsClients
        draw()
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
        guard let id = request.id, !response.includes(name) else { return }
        response.append(HTTPField(name: name, value: id))
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

    func makeIdentifier() -> String {
        countUp()
        return String(decoding: digits, as: UTF8.self)
    }

    /// Counts by one, in place: dividing a number into its digits would take longer than all the rest.
    private func countUp() {
        for index in (Self.drawn..<Self.count).reversed() {
            switch digits[index] {
            case UInt8(ascii: "9"): digits[index] = UInt8(ascii: "A")
            case UInt8(ascii: "Z"): digits[index] = UInt8(ascii: "a")
            case UInt8(ascii: "z"):
                digits[index] = UInt8(ascii: "0")
                continue
            default: digits[index] += 1
            }
            return
        }
        // All numbers have been given.
        draw()
    }

    private func draw() {
        for index in 0..<Self.drawn {
            digits[index] = Self.alphabet[Int.random(in: 0..<Self.alphabet.count)]
        }
    }
}

extension HTTPField.Name {
    /// `X-Request-ID`, what proxies and logs call the name of a request.
    public static let requestIdentifier = HTTPField.Name("X-Request-ID")!
}

import MartletJSON

/// Any bytes: either they are refused, with a place, or they mean a document that is written and read again as itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // A copy of its own size, so that a read beyond it is noticed.
    let bytes = Array(UnsafeBufferPointer(start: input, count: count))
    let document: Document
    do {
        document = try JSONReader(depthLimit: 32).read(Document.self, from: bytes)
    } catch let error as DecodingError {
        let text = JSONReader.explanation(of: error)
        precondition(!text.isEmpty)
        guard case .dataCorrupted(let context) = error else { return 0 }
        if let syntax = context.underlyingError as? JSONSyntaxError {
            precondition(syntax.offset >= 0 && syntax.offset <= count && syntax.line > 0 && syntax.column > 0)
        }
        return 0
    } catch {
        fatalError("\(error)")
    }
    guard let written = try? JSONWriter().write(document),
        let again = try? JSONReader(depthLimit: 32).read(Document.self, from: written)
    else { fatalError("\(document) cannot be written and read again") }
    precondition(again == document, "a document does not come back as it went")
    for type in [Int.self, UInt8.self, Int128.self, Float.self, [Int].self, [String: Double].self]
        as [any Decodable.Type]
    {
        _ = try? JSONReader().read(type, from: bytes)
    }
    return 0
}

/// Every kind of value, numbers by what they are as `Double`.
private indirect enum Document: Codable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([Document])
    case object([String: Document])

    init(from decoder: any Decoder) throws {
        let scalar = try decoder.singleValueContainer()
        if scalar.decodeNil() {
            self = .null
        } else if let bool = try? scalar.decode(Bool.self) {
            self = .bool(bool)
        } else if let string = try? scalar.decode(String.self) {
            self = .string(string)
        } else if (try? decoder.unkeyedContainer()) != nil {
            self = .array(try scalar.decode([Document].self))
        } else if (try? decoder.container(keyedBy: Key.self)) != nil {
            self = .object(try scalar.decode([String: Document].self))
        } else {
            self = .number(try scalar.decode(Double.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let bool): try container.encode(bool)
        case .number(let number): try container.encode(number)
        case .string(let string): try container.encode(string)
        case .array(let array): try container.encode(array)
        case .object(let object): try container.encode(object)
        }
    }

    private enum Key: CodingKey {}
}

import FoundationEssentials
import MartletLoop

/// Work, outputs and errors as frames.
nonisolated enum WorkCoding {
    // MARK: Here

    static func request<Work: ProcessWork>(_ work: Work, limit: Int) throws -> Data {
        guard let name = _mangledTypeName(Work.self), _typeByName(name) == Work.self else {
            throw ProcessWorkError(
                .notCodable, work: "\(Work.self)",
                "its type has no name there; it and the types around it must not be private, fileprivate or local")
        }
        let encoded: Data
        do {
            encoded = try encode(work)
        } catch {
            throw ProcessWorkError(.notCodable, work: "\(Work.self)", "it cannot be encoded: \(error)")
        }
        guard encoded.count <= limit else {
            throw ProcessWorkError(
                .tooLarge, work: "\(Work.self)",
                "it has \(encoded.count) bytes when encoded, and the pool's messageLimit is \(limit); pass a path "
                    + "or raise the limit")
        }
        return Frame.bytes(.work, Data(name.utf8), Data("\(limit)".utf8), encoded)
    }

    static func output<Work: ProcessWork>(of _: Work.Type, in frame: Frame?) throws -> Work.Output {
        guard let frame else {
            throw ProcessWorkError(.notCodable, work: "\(Work.self)", "its output was taken before")
        }
        switch frame.kind {
        case .output:
            do {
                return try decode(Work.Output.self, from: frame.payload)
            } catch {
                throw ProcessWorkError(.notCodable, work: "\(Work.self)", "its output cannot be decoded: \(error)")
            }
        case .error: throw error(in: frame, work: "\(Work.self)")
        case .refusal: throw ProcessWorkError(.notCodable, work: "\(Work.self)", text(frame.payload))
        default: throw ProcessWorkError(.failed, work: "\(Work.self)", "it threw \(text(frame.payload))")
        }
    }

    private static func error(in frame: Frame, work: String) -> any Error {
        guard let parts = frame.parts(3) else {
            return ProcessWorkError(.notCodable, work: work, "it threw an error that arrived mutilated")
        }
        if let type = _typeByName(text(parts[0])) as? any (Error & Codable).Type,
            let error = try? decode(type, from: parts[2])
        {
            return error
        }
        return ProcessWorkError(.failed, work: work, "it threw \(text(parts[1]))")
    }

    // MARK: There

    /// Runs what a frame asks for.
    static func answer(to frame: Frame) -> Data {
        guard let parts = frame.parts(3), let limit = Int(text(parts[1])),
            let type = _typeByName(text(parts[0])) as? any ProcessWork.Type
        else {
            return refusal("the process does not know its type")
        }
        let work: any ProcessWork
        do {
            work = try decode(type, from: parts[2])
        } catch {
            return refusal("it cannot be decoded: \(error)")
        }
        return answer(of: work, limit: limit)
    }

    private static func answer(of work: some ProcessWork, limit: Int) -> Data {
        let output: any Codable
        do {
            output = try work.run()
        } catch {
            return failure(error)
        }
        do {
            let encoded = try encode(output)
            guard encoded.count <= limit else {
                return refusal(
                    "its output has \(encoded.count) bytes when encoded, and the pool's messageLimit is \(limit); "
                        + "write it to a file or raise the limit")
            }
            return Frame.bytes(.output, encoded)
        } catch {
            return refusal("its output cannot be encoded: \(error)")
        }
    }

    private static func failure(_ error: any Error) -> Data {
        let description = Data("\(error)".utf8.prefix(descriptionLimit))
        if let codable = error as? any Error & Codable, let name = _mangledTypeName(type(of: error)),
            let encoded = try? encode(codable), encoded.count <= descriptionLimit
        {
            return Frame.bytes(.error, Data(name.utf8), description, encoded)
        }
        return Frame.bytes(.failure, description)
    }

    private static func refusal(_ message: String) -> Data {
        Frame.bytes(.refusal, Data(message.utf8.prefix(descriptionLimit)))
    }

    /// Errors are for reading.
    private static let descriptionLimit = 65536

    // MARK: JSON

    private static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(value)
    }

    private static func decode<Value: Decodable>(_: Value.Type, from bytes: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(Value.self, from: bytes)
    }

    private static func text(_ bytes: Data) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}

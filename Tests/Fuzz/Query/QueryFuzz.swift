import MartletHTTP

/// Queries and forms of any bytes: nothing traps, what is decoded comes back when it is encoded, and types are decoded
/// or refused.
///
/// The first byte of the input is the limit on the number of parameters. There is nothing to split: a query is whole.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzQuery(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: input + 1, count: count - 1))
    let limit = Int(input[0])
    do throws(HTTP1Error) {
        let parameters = try QueryParameters(decoding: bytes.span, limit: limit)
        precondition(parameters.count <= limit)
        check(parameters)
        checkCursor(bytes, parameters)
    } catch {
        precondition(error.status == (error.code == .tooLarge ? 413 : 400))
        precondition(error.message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a message that is not safe to log")
    }
    return 0
}

private func check(_ parameters: QueryParameters) {
    let encoded = Array(FormEncoder.encode(parameters).utf8)
    let again = try? QueryParameters(decoding: encoded.span, limit: parameters.count)
    precondition(again == parameters, "parameters do not come back as they went")
    for parameter in parameters {
        precondition(!parameter.value.utf8.contains(0) && !parameter.name.utf8.contains(0))
        precondition(parameters[parameter.name] == parameters.all(parameter.name).first)
        _ = try? parameters.value(parameter.name, as: Int.self)
    }
    _ = try? QueryDecoder().decode(Everything.self, from: parameters)
    _ = try? QueryDecoder().decode([String: [String]].self, from: parameters)
    _ = try? QueryDecoder().decode([String: [[Int]]].self, from: parameters)
}

/// The list has what the cursor tells, and its first value of a name is the list's.
private func checkCursor(_ bytes: [UInt8], _ parameters: QueryParameters) {
    let whole = ByteRange(0, bytes.count)
    var cursor = QueryCursor(whole)
    var count = 0
    while cursor.next(in: bytes.span) != nil { count += 1 }
    precondition(count == parameters.count)
    guard let last = parameters.last else { return }
    let value = try? QueryCursor.firstValue(of: last.name, in: whole, bytes.span)
    precondition(value == parameters[last.name])
}

/// A property of every kind that the decoder knows.
private struct Everything: Decodable {
    var a: Int?
    var b: Double?
    var c: Bool?
    var d: [Int8]?
    var e: [String]?
    var f: Float?
    var g: UInt64?
}

// redis-commands methods|samples TABLE OUTPUT: makes Swift of one file of the table of commands.

import Glibc
import RedisCommandTable

let arguments = CommandLine.arguments

func fail(_ message: String) -> Never {
    let line = Array("\(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}

guard arguments.count == 4, ["methods", "samples"].contains(arguments[1]) else {
    fail("usage: redis-commands methods|samples TABLE OUTPUT")
}

do {
    let path = arguments[2]
    let text = String(decoding: try readFile(path), as: UTF8.self)
    let table = try TableParser.parse(text, file: path)
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let swift =
        arguments[1] == "methods"
        ? MethodWriter.swift(of: table, file: name) : SampleWriter.swift(of: table, file: name)
    try writeFile(arguments[3], Array(swift.utf8))
} catch {
    fail("\(error)")
}

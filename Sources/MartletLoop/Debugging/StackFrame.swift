/// A function on a stack, or one that an `await` will go back to.
public nonisolated struct StackFrame: Hashable, Sendable, CustomStringConvertible {
    /// The function, `Queue.get()`; the binary and an offset for `llvm-symbolizer` when the binary has been stripped.
    public let function: String
    /// The source file as the compiler was given it; `nil` without debugging information.
    public let file: String?
    /// The line in `file`.
    public let line: Int?
    /// Where in memory, for a debugger.
    public let address: UInt
    /// Whether it is part of Swift, of the C library or of Martlet, and not of the program.
    public let isLibrary: Bool

    /// `consume(_:) at Sources/App/Worker.swift:12`
    public var description: String {
        guard let file, let line else { return function }
        return "\(function) at \(file):\(line)"
    }

    /// Type and function without parameters, for a closure those of the function that it is in: `Queue.get`.
    var shortName: Substring {
        var name = function[...]
        while let end = name.firstRange(of: " in "), name.contains("closure #") { name = name[end.upperBound...] }
        for prefix in ["specialized ", "static "] where name.hasPrefix(prefix) { name = name.dropFirst(prefix.count) }
        name = Self.withoutGenerics(name).prefix { $0 != "(" }
        return name.hasSuffix(".getter") ? name.dropLast(".getter".count) : name
    }

    private static func withoutGenerics(_ name: Substring) -> Substring {
        var depth = 0
        let kept = name.filter { character in
            if character == "<" { depth += 1 }
            defer { if character == ">", depth > 0 { depth -= 1 } }
            return depth == 0
        }
        return kept[...]
    }
}

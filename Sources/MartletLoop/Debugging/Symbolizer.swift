@_spi(Internal) import Runtime

/// Names, files and lines for addresses of this process.
///
/// The only file that knows Swift's `Runtime` module (SE-0419), of which it needs what SPI alone offers: to name
/// addresses that were collected by someone else. It reads the binaries' own symbol tables and debugging information,
/// in process.
final class Symbolizer {
    /// The process's: what has been looked up stays known.
    static let shared = Symbolizer()

    /// How an address came about, which decides the instruction that it stands for.
    enum Kind {
        case exact, returnAddress, resumePoint
    }

    /// Made once, before anything is looked up: that maps the binaries a second time, which the list would take for
    /// where they run.
    private let images = ImageMap.capture()
    /// Bounded by the number of calls in the program.
    private var known: [UInt: Known] = [:]
    private var end = EventLoop.Instant(nanoseconds: 0)
    /// How long lines are looked up for one report.
    var patience: Duration = .milliseconds(500)
    /// Whether lines are missing from this report.
    private(set) var isCutShort = false

    private struct Known {
        let frames: [StackFrame]
        let isFinal: Bool
    }

    /// Begins a report. A name takes 5 µs to look up, but a file and a line some 20 ms, because the module reads all of
    /// a compilation unit's lines each time: they are looked up for the program's own functions only, and not for
    /// longer than `patience`. What has been found is remembered.
    func beginReport() {
        end = .readClock() + patience
        isCutShort = false
    }

    /// The functions at the address, innermost first: several where calls were inlined; none for what only the compiler
    /// or the runtime put there.
    func frames(at address: UInt, _ kind: Kind) -> [StackFrame] {
        if let known = known[address], known.isFinal { return known.frames }
        let named = known[address]?.frames ?? lookUp(address, kind, .useSymbolCache)
        if named.allSatisfy(\.isLibrary) {
            known[address] = Known(frames: named, isFinal: true)
            return named
        }
        guard EventLoop.Instant.readClock() < end else {
            isCutShort = true
            known[address] = Known(frames: named, isFinal: false)
            return named
        }
        let placed = lookUp(address, kind, .default)
        known[address] = Known(frames: placed, isFinal: true)
        return placed
    }

    /// The function at the address, even if it is only the compiler's.
    func anyFrame(at address: UInt) -> StackFrame {
        symbols(at: address, .exact, .useSymbolCache).first.map { frame(of: $0, at: address) } ?? unnamed(address)
    }

    private func lookUp(
        _ address: UInt, _ kind: Kind, _ options: Backtrace.SymbolicationOptions
    ) -> [StackFrame] {
        let symbols = symbols(at: address, kind, options)
        guard !symbols.isEmpty else { return [unnamed(address)] }
        return symbols.filter { !Self.isArtificial($0) }.map { frame(of: $0, at: address) }
    }

    private func symbols(
        at address: UInt, _ kind: Kind, _ options: Backtrace.SymbolicationOptions
    ) -> [SymbolicatedBacktrace.Symbol] {
        let frame: RichFrame<UInt64> =
            switch kind {
            case .exact: .programCounter(UInt64(address))
            case .returnAddress: .returnAddress(UInt64(address))
            case .resumePoint: .asyncResumePoint(UInt64(address))
            }
        let backtrace = Backtrace(architecture: Self.architecture, frames: [frame], images: images)
        // In a stripped binary, there is a symbol without a name.
        return backtrace.symbolicated(with: images, options: options)?.frames.compactMap(\.symbol).filter {
            $0.rawName != "<unknown>"
        }
            ?? []
    }

    private func frame(of symbol: SymbolicatedBacktrace.Symbol, at address: UInt) -> StackFrame {
        let place = symbol.sourceLocation.flatMap { $0.line > 0 ? $0 : nil }
        return StackFrame(
            function: symbol.name, file: place?.path, line: place?.line, address: address,
            isLibrary: Self.isLibrary(symbol))
    }

    /// `martletd+0x1f3a0`, for llvm-symbolizer.
    private func unnamed(_ address: UInt) -> StackFrame {
        var function = "0x" + String(address, radix: 16)
        if let index = images.indexOfImage(at: Backtrace.Address(UInt64(address))),
            let base = UInt64(images[index].baseAddress)
        {
            function = "\(images[index].name ?? "?")+0x" + String(UInt64(address) &- base, radix: 16)
        }
        return StackFrame(function: function, file: nil, line: nil, address: address, isLibrary: false)
    }

    /// What stands between two functions that someone wrote.
    private static func isArtificial(_ symbol: SymbolicatedBacktrace.Symbol) -> Bool {
        symbol.isSwiftThunk || isRuntime(symbol) || symbol.rawName.hasPrefix("async_Main")
            || ["specialized thunk for ", "partial apply for ", "dispatch thunk of ", "protocol witness for "].contains
            {
                symbol.name.hasPrefix($0)
            }
    }

    /// C++ of the concurrency runtime: adapters between tasks, groups and functions.
    private static func isRuntime(_ symbol: SymbolicatedBacktrace.Symbol) -> Bool {
        symbol.rawName.hasPrefix("_Z") && symbol.rawName.contains("5swift") || symbol.rawName.hasPrefix("swift_")
    }

    /// Mangled names begin with the module; `s` and `S…` are the standard library's.
    private static func isLibrary(_ symbol: SymbolicatedBacktrace.Symbol) -> Bool {
        let name = symbol.rawName
        return ["$ss", "$sS", "$s11MartletLoop", "$s10MartletNet"].contains { name.hasPrefix($0) }
            || !name.hasPrefix("$s") && (symbol.imageIndex > 0 || name.hasPrefix("martlet_"))
    }

    private static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }
}

import Glibc

/// How many pipes and process descriptors this process has open.
func openPipes() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    var target = [CChar](repeating: 0, count: 64)
    while let entry = readdir(directory) {
        let number = withUnsafePointer(to: &entry.pointee.d_name.0) { atoi($0) }
        let length = max(0, readlink("/proc/self/fd/\(number)", &target, target.count))
        let name = String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if name.hasPrefix("pipe:") || name.contains("pidfd") { count += 1 }
    }
    return count
}

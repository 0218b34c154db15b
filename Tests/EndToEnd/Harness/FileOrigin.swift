import Glibc
import MartletLoop

/// nginx over a directory of one test's own: it can be killed, and started again on the same port.
final class FileOrigin {
    let directory: TemporaryDirectory
    let port: UInt16
    private var program: Program?

    /// - Parameter rate: bytes a second of each response; 0: as many as go.
    init(rate: Int = 0) throws {
        directory = try TemporaryDirectory()
        port = try FreePort.choose()
        guard mkdir(directory.file("files"), 0o755) == 0 else {
            throw Failure("cannot make a directory: errno \(errno)")
        }
        try TextFile.write(
            """
            daemon off; master_process off; pid \(directory.file("pid")); error_log stderr; events {}
            http {
                access_log off; client_body_temp_path \(directory.path); proxy_temp_path \(directory.path);
                fastcgi_temp_path \(directory.path); uwsgi_temp_path \(directory.path); scgi_temp_path \(directory.path);
                server { listen 127.0.0.1:\(port); root \(directory.file("files")); limit_rate \(rate); }
            }
            """, to: directory.file("nginx.conf"))
    }

    deinit {}

    func url(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

    func start() async throws {
        let nginx = try Program([
            "/usr/sbin/nginx", "-c", directory.file("nginx.conf"), "-p", directory.path, "-e", "stderr",
        ])
        program = nginx
        try await eventually("nginx listens; it wrote: \(nginx.errors)") {
            guard nginx.isRunning else { throw Failure("nginx has ended: \(nginx.errors)") }
            return (try? RawConnection(port: port))?.close() != nil
        }
    }

    func kill() async throws {
        guard let program else { return }
        try program.signal(SIGKILL)
        _ = try await program.finish()
        self.program = nil
    }

    func end() async {
        try? await kill()
        directory.remove()
    }

    /// Makes a file whose bytes are not the same anywhere.
    func make(_ name: String, megabytes: Int) async throws {
        let made = try await Program.run([
            "sh", "-c",
            "openssl enc -aes-128-ctr -nosalt -K 00 -iv \(megabytes) -in /dev/zero 2>/dev/null | head -c \(megabytes)M > \"$0\"",
            directory.file("files/\(name)"),
        ])
        guard made.status == .exited(0) else { throw Failure("cannot make \(name): \(made)") }
    }
}

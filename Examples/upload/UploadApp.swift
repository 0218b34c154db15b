import Glibc
import Martlet

/// Files that are uploaded with a form, kept in a directory, listed and downloaded.
///
/// `UPLOAD_DIRECTORY=/var/lib/uploads upload run`. Files go to disk while they arrive; how large they may be is the
/// server's `limits.body`. The directory is all there is, so any number of workers will do.
@main
struct UploadApp: Application {
    static func start(_ worker: Worker) async throws {
        let directory = getenv("UPLOAD_DIRECTORY").map { String(cString: $0) } ?? "uploads"
        worker.provide(try await UploadStore(directory: directory))
    }

    static func routes(_ router: Router) {
        router.get("/") { request in
            Response.html(page(of: try await request.worker[UploadStore.self].names()))
        }

        router.post("/files") { request in
            let store = request.worker[UploadStore.self]
            return try await request.withMultipartForm(in: store.directory) { form in
                guard let file = form.file("file"), !file.filename.isEmpty else {
                    throw HTTPError(
                        .unprocessableContent, "the form has no file", faults: [.init(path: "file", "missing")])
                }
                try await file.move(to: store.path(of: try UploadStore.safe(file.filename)))
                return Response.redirect(to: "/")
            }
        }

        router.get("/files/{name}") { request in
            let name = try UploadStore.safe(request.parameters.value("name"))
            let path = request.worker[UploadStore.self].path(of: name)
            guard let status = try? await FileSystem.status(of: path) else {
                throw HTTPError(.notFound, "there is no file \(name)")
            }
            return Response().attached(as: name).satisfyingRange(of: request, length: UInt64(status.size)) {
                range, body in
                try await withFile(path) { file in
                    var offset = Int(range.lowerBound)
                    while offset < range.upperBound {
                        let piece = try await file.read(at: offset, upTo: min(1 << 16, Int(range.upperBound) - offset))
                        guard !piece.isEmpty else { return }
                        try await body.write(piece)
                        offset += piece.count
                    }
                }
            }
        }
    }

    private static func page(of names: [String]) -> String {
        let items = names.map { name in
            "<li><a href=\"/files/\(name.percentEncoded)\">\(name.htmlEscaped)</a></li>"
        }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Files</title></head>
            <body><h1>Files</h1><ul>\(items.joined())</ul>
            <form method="post" action="/files" enctype="multipart/form-data">
            <input type="file" name="file" required> <button>upload</button></form></body></html>

            """
    }
}

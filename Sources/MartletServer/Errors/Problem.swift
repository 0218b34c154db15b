import HTTPTypes
import MartletHTTP

/// An error in the forms in which clients are told of it.
nonisolated struct Problem {
    private let error: HTTPError

    init(_ error: HTTPError) {
        self.error = error
    }

    /// Of a status that nobody has registered, nothing but that it is an error is known.
    private var title: String {
        let phrases = [error.status.reasonPhrase, HTTP1ResponseHead.reasonPhrase(of: error.status.code)]
        return phrases.first { !$0.isEmpty } ?? "Error"
    }

    /// `application/problem+json`, RFC 9457.
    var document: Response {
        var json = ByteBuffer()
        json.append("{\"type\":")
        json.append(jsonString: error.type ?? "about:blank")
        json.append(",\"title\":")
        json.append(jsonString: title)
        json.append(",\"status\":")
        json.append(decimal: UInt64(clamping: error.status.code))
        if let message = error.message {
            json.append(",\"detail\":")
            json.append(jsonString: message)
        }
        if !error.faults.isEmpty { appendFaults(to: &json) }
        json.append("}\n")
        return response(Array(json.readableBytes), contentType: "application/problem+json")
    }

    private func appendFaults(to json: inout ByteBuffer) {
        json.append(",\"errors\":[")
        for (index, fault) in error.faults.enumerated() {
            json.append(index == 0 ? "{\"path\":" : ",{\"path\":")
            json.append(jsonString: fault.path)
            json.append(",\"message\":")
            json.append(jsonString: fault.message)
            json.append("}")
        }
        json.append("]")
    }

    /// A page for people.
    var page: Response {
        let heading = "\(error.status.code) \(title)"
        var html =
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>\(heading.htmlEscaped)</title>"
        html += "<meta name=\"viewport\" content=\"width=device-width\"></head>\n"
        html += "<body style=\"font-family:sans-serif;margin:4em auto;max-width:40em\">"
        html += "<h1>\(heading.htmlEscaped)</h1>"
        if let message = error.message { html += "<p>\(message.htmlEscaped)</p>" }
        if !error.faults.isEmpty {
            let items = error.faults.map { "<li><code>\($0.path.htmlEscaped)</code>: \($0.message.htmlEscaped)</li>" }
            html += "<ul>\(items.joined())</ul>"
        }
        return response(Array((html + "</body></html>\n").utf8), contentType: "text/html; charset=utf-8")
    }

    private func response(_ bytes: [UInt8], contentType: String) -> Response {
        var response = Response(status: error.status, bytes: bytes, contentType: contentType)
        response.fields = error.fields
        return response
    }
}

nonisolated extension String {
    /// The text with the characters that mean something in HTML as references to themselves.
    var htmlEscaped: String {
        var text = ""
        text.reserveCapacity(utf8.count)
        for character in unicodeScalars {
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}

extension ByteBuffer {
    /// Appends a string of JSON, RFC 8259 §7.
    nonisolated mutating func append(jsonString text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case 0x22: append("\\\"")
            case 0x5C: append("\\\\")
            case 0..<0x20:
                append("\\u00")
                if byte < 16 { append("0") }
                append(hex: UInt64(byte))
            default: append(byte)
            }
        }
        append("\"")
    }
}

import Martlet

/// Routes that speak WebSocket, in both forms, with messages as large as the conformance tests send. Driven by
/// WebSocketTests and `make test-websocket`.
enum WebSockets {
    static func add(to router: Router) {
        var settings = WebSocketSettings()
        settings.limits = WebSocketLimits(messageSize: 64 << 20)
        settings.sendLimit = 64 << 20
        settings.drainSpread = .milliseconds(500)
        router.webSocket("/socket/handler", settings: settings, handler: WebSocketEcho())
        settings.subprotocols = ["two", "one"]
        router.webSocket("/socket/echo", settings: settings) { socket in
            for try await message in socket { try await socket.send(message) }
        }
        router.webSocket("/socket/small") { socket in
            for try await message in socket { try await socket.send(message) }
        }
        // Ends as the client says.
        router.webSocket("/socket/returns") { socket in _ = try await socket.receive() }
        router.webSocket("/socket/fails") { socket in
            _ = try await socket.receive()
            throw Refusal()
        }
        router.webSocket("/socket/closes/{code:int}") { socket, request in
            let code: Int = try request.parameters.value("code")
            await socket.close(WebSocketCloseCode(rawValue: UInt16(clamping: code)), reason: "as you say")
        }
        // Counts the bytes of a message while it arrives, and sends that many in pieces.
        var streaming = settings
        streaming.streamsMessages = true
        router.webSocket("/socket/stream", settings: streaming) { socket in
            for try await message in socket.streams {
                var count = 0
                for try await bytes in message { count += bytes.count }
                try await socket.sendStream(.binary) { writer in
                    while count > 0 {
                        let size = min(count, 40_000)
                        try await writer.write([UInt8](repeating: 7, count: size))
                        count -= size
                    }
                }
            }
        }
    }

    private struct Refusal: Error {}
}

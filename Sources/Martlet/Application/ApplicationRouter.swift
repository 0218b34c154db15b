import HTTPTypes
import MartletDownloadService
import MartletServer
import MartletStoreService
import MartletWebSocket
import MartletWebSocketCodec

/// The routes of an application and of its configuration, in one router.
@MainActor
enum ApplicationRouter {
    /// - Throws: `RouteError` when a `[[route]]` takes what another route answers.
    static func make<App: Application>(
        for application: App.Type, _ configuration: Configuration
    ) throws(RouteError) -> Router {
        let router = Router()
        application.routes(router)
        for route in configuration.routes {
            try add(route, to: router)
        }
        return router
    }

    private static func add(_ route: Configuration.Route, to router: Router) throws(RouteError) {
        if let kind = route.webSocket { return try add(route, kind, to: router) }
        if let settings = route.downloadSettings { return try router.downloads(at: route.path, settings) }
        if let settings = route.storeSettings { return try router.store(at: route.path, settings) }
        let template = route.template
        let status = HTTPResponse.Status(code: route.status)
        let contentType = route.contentType
        for name in route.methods {
            guard let method = HTTPRequest.Method(name) else { continue }  // the configuration was validated
            if template.parameterNames.isEmpty {
                let response = Response(status: status, text: route.text, contentType: contentType)
                try router.add(method, route.path) { _ in response }
            } else {
                try router.add(method, route.path) { request in
                    let text = template.render { request.parameters[$0] }
                    return Response(status: status, text: text, contentType: contentType)
                }
            }
        }
    }

    private static func add(
        _ route: Configuration.Route, _ kind: Configuration.Route.WebSocketKind, to router: Router
    ) throws(RouteError) {
        var settings = WebSocketSettings()
        settings.limits = WebSocketLimits(messageSize: Int(route.messageSize.bytes))
        // What may be received may be sent.
        settings.sendLimit = max(settings.sendLimit, Int(route.messageSize.bytes))
        if !route.compression { settings.compression = .off }
        if !route.origins.isEmpty {
            settings.origins = route.origins.contains("*") ? .any : .among(Set(route.origins))
        }
        switch kind {
        case .echo:
            try router.addWebSocket(route.path, settings: settings, handler: WebSocketEcho())
        case .channel:
            // The configuration was validated.
            guard let pattern = try? ChannelNamePattern(route.channel) else { return }
            try router.addWebSocket(route.path, settings: settings, handler: ChannelHandler(channel: pattern))
        }
    }
}

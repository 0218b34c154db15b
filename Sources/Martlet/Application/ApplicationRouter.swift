import HTTPTypes
import MartletServer

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
}

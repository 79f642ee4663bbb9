// Several listeners, several APIs: the path says which API is meant, the listener whether it is served there.

internal import HTTPServer
internal import HTTPTypes
internal import NativeWire

/// What the region's own listeners serve.
struct Dispatcher: RequestHandler {
    /// Of each listener, in their order.
    let listeners: [Set<ListenerAPI>]
    let s3: any RequestHandler
    let driver: any RequestHandler
    let peer: any RequestHandler
    let health: any RequestHandler
    /// Answers for a path that is nobody's, and for one whose API the listener does not have.
    let unknown: any RequestHandler

    func respond(to request: ServerRequest) async -> ServerResponse {
        guard let api = ListenerAPI(path: request.head.path ?? ""),
            listeners[request.listener].contains(api)
        else { return await unknown.respond(to: request) }
        switch api {
        case .s3: return await s3.respond(to: request)
        case .peer:
            request.trace.note(operation: "Peer")
            return await peer.respond(to: request)
        case .probes:
            request.trace.note(operation: "Health")
            return await health.respond(to: request)
        case .driver: return await driver.respond(to: request)
        case .registry, .admin: return await unknown.respond(to: request)
        }
    }
}

/// What the socket in the data directory serves: the file's permissions are the authentication.
struct SocketDispatcher: RequestHandler {
    let admin: any RequestHandler
    let regions: any RequestHandler
    let buckets: any RequestHandler
    let keys: any RequestHandler
    let encryption: any RequestHandler
    let health: any RequestHandler

    func respond(to request: ServerRequest) async -> ServerResponse {
        let path = request.head.path ?? ""
        if path.hasPrefix(AdminCall.regions) { return await regions.respond(to: request) }
        if path.hasPrefix(AdminCall.buckets) { return await buckets.respond(to: request) }
        if path.hasPrefix(AdminCall.keys) { return await keys.respond(to: request) }
        if path.hasPrefix(AdminCall.encryption) { return await encryption.respond(to: request) }
        let isAdmin = path.hasPrefix(AdminCall.prefix)
        return await (isAdmin ? admin : health).respond(to: request)
    }
}

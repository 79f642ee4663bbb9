// Several listeners, several APIs: the path says which API is meant, the listener whether it is served there. Where
// the host is a bucket's, all paths are keys of it.

internal import HTTPServer
internal import HTTPTypes
internal import NativeAPI
internal import NativeWire
internal import S3API

/// What the region's own listeners serve.
struct Dispatcher: RequestHandler {
    /// Of each listener, in their order.
    let listeners: [Set<ListenerAPI>]
    /// Of buckets in the host, `<bucket>.<domain>`.
    let domain: String?
    let s3: any RequestHandler
    let driver: any RequestHandler
    let peer: any RequestHandler
    let health: any RequestHandler
    /// Answers for a path that is nobody's.
    let unknown: any RequestHandler

    func respond(to request: ServerRequest) async -> ServerResponse {
        guard let api = api(request.head) else { return await unknown.respond(to: request) }
        // Also before there is a store: this listener will never have it.
        guard listeners[request.listener].contains(api) else {
            return await UnknownPath().respond(to: request)
        }
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

    private func api(_ head: HTTPRequest) -> ListenerAPI? {
        let path = head.path ?? ""
        // The domain itself and every other host are all APIs'.
        if path.hasPrefix("/-/"),
            RequestTarget.virtualHostBucket(host: head.authority, domain: domain) != nil
        {
            return .s3
        }
        return ListenerAPI(path: path)
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

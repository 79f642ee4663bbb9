// One port, several APIs: the path says which. Bucket names never begin with a hyphen, so what is under
// `/-/` cannot be one.

internal import HTTPServer
internal import HTTPTypes
internal import NativeWire

/// What the region's own port serves.
struct Dispatcher: RequestHandler {
    let s3: any RequestHandler
    let driver: any RequestHandler
    let peer: any RequestHandler
    let health: any RequestHandler

    func respond(to request: ServerRequest) async -> ServerResponse {
        guard let path = request.head.path, path.hasPrefix("/-/") else {
            return await s3.respond(to: request)
        }
        if path.hasPrefix(DriverCall.prefix) { return await driver.respond(to: request) }
        if path.hasPrefix(PeerCall.prefix) {
            request.trace.note(operation: "Peer")
            return await peer.respond(to: request)
        }
        request.trace.note(operation: "Health")
        return await health.respond(to: request)
    }
}

/// What the socket in the data directory serves: the file's permissions are the authentication.
struct SocketDispatcher: RequestHandler {
    let admin: any RequestHandler
    let health: any RequestHandler

    func respond(to request: ServerRequest) async -> ServerResponse {
        let isAdmin = request.head.path?.hasPrefix(AdminCall.prefix) ?? false
        return await (isAdmin ? admin : health).respond(to: request)
    }
}

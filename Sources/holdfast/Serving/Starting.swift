// What the region's own listeners and its admin socket answer while its store is being opened. That may take long,
// where the index has to be made anew: whoever watches sees that it is under way and how far.

internal import HTTPServer
internal import HTTPTypes
internal import LocalStore
internal import NativeAPI
internal import NativeWire
internal import Synchronization

/// Everyone is told to come again.
struct StartingHandler: RequestHandler {
    func respond(to request: ServerRequest) async -> ServerResponse {
        ServerResponse(status: .serviceUnavailable, fields: [.retryAfter: "1"])
    }
}

/// Answers as its handler of the moment does.
final class ReplaceableHandler: RequestHandler {
    private let current: Mutex<any RequestHandler>

    init(_ first: any RequestHandler) { current = Mutex(first) }

    func replace(by next: any RequestHandler) { current.withLock { $0 = next } }

    func respond(to request: ServerRequest) async -> ServerResponse {
        let handler = current.withLock { $0 }
        return await handler.respond(to: request)
    }
}

extension Readiness {
    /// The store is being opened.
    static func reading(_ progress: ReplayProgress) -> Readiness {
        let (read, total) = (progress.readBytes >> 20, progress.totalBytes >> 20)
        return .unavailable("starting: \(read) of \(total) MiB of the journal are read")
    }
}

// The probes: whether the process runs, and whether it serves.

package import HTTPServer
internal import HTTPTypes
package import Logging
internal import NativeWire

/// Whether the daemon serves now.
package enum Readiness: Sendable, Hashable {
    case ready
    /// In words for the person who looks.
    case unavailable(String)
}

/// Answers `AdminCall.live` and `AdminCall.ready`, without a key.
package struct HealthHandler: RequestHandler {
    private let readiness: @Sendable () async -> Readiness
    private let logger: Logger

    package init(logger: Logger, readiness: @escaping @Sendable () async -> Readiness) {
        self.readiness = readiness
        self.logger = logger
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        await ServerResponse.of(request, logger: logger) {
            guard request.head.method == .get || request.head.method == .head else {
                throw Refusal.noSuchCall(request)
            }
            switch request.head.path {
            case AdminCall.live: return try .json(.ok, HealthDocument(status: "ok"))
            case AdminCall.ready: return try await ready()
            default: throw Refusal.noSuchCall(request)
            }
        }
    }

    private func ready() async throws -> ServerResponse {
        switch await readiness() {
        case .ready: try .json(.ok, HealthDocument(status: "ok"))
        case .unavailable(let reason):
            try .json(
                .serviceUnavailable, HealthDocument(status: "unavailable", reason: reason))
        }
    }
}

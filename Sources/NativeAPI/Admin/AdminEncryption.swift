// The admin API's call about encryption at rest. Served on the socket in the data directory alone, as the rest of it.

internal import Checksums
package import HTTPServer
internal import HTTPTypes
package import Logging
internal import NativeWire

package struct AdminEncryption: RequestHandler {
    private let logger: Logger
    private let rotate: @Sendable () async throws -> UInt64

    /// `rotate` makes a new master key, and answers its id.
    package init(logger: Logger, rotate: @escaping @Sendable () async throws -> UInt64) {
        self.logger = logger
        self.rotate = rotate
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        request.trace.note(operation: "AdminRotateMasterKey")
        return await ServerResponse.of(request, logger: logger) {
            guard request.head.method == .post, request.head.path == AdminCall.rotateMasterKey
            else { throw Refusal.noSuchCall(request) }
            request.trace.note(resource: "the master key", change: "")
            let id = try await rotate()
            return try .json(.ok, MasterKeyRotationDocument(masterKey: SealKey.text(of: id)))
        }
    }
}

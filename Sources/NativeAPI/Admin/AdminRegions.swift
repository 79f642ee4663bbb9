// The admin API's calls about other regions. Served on the socket in the data directory alone, as the rest of it.

package import HTTPServer
internal import HTTPTypes
package import Logging
internal import NativeWire
package import Replication
internal import Storage

package struct AdminRegions: RequestHandler {
    private let removal: RemoveRegion
    private let logger: Logger

    package init(removal: RemoveRegion, logger: Logger) {
        self.removal = removal
        self.logger = logger
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        request.trace.note(operation: "AdminRemoveRegion")
        return await ServerResponse.of(request, logger: logger) {
            guard request.head.method == .post, request.head.path == AdminCall.removeRegion else {
                throw Refusal.noSuchCall(request)
            }
            let asked = try await request.adminDocument(RemoveRegionRequestDocument.self)
            if asked.isConfirmed { request.trace.note(resource: asked.region, change: "") }
            return try .json(.ok, try await answer(asked))
        }
    }

    private func answer(
        _ asked: RemoveRegionRequestDocument
    ) async throws -> RegionRemovalDocument {
        guard asked.isConfirmed else {
            return RegionRemovalDocument(try await removal.plan(asked.region))
        }
        let done = try await removal.run(asked.region)
        logger.notice(
            "a region is removed",
            metadata: ["region": "\(done.region)", "name": "\(done.name ?? "")"])
        return RegionRemovalDocument(done)
    }
}

extension RegionRemovalDocument {
    fileprivate init(_ removal: RegionRemoval) {
        self.init(
            id: removal.region.description, name: removal.name, isRemoved: removal.isRemoved,
            isConnected: removal.isConnected, isFollowed: removal.isFollowed,
            pendingEntries: removal.pendingEntries)
    }
}

// The admin API's calls about other regions. Served on the socket in the data directory alone, as the rest of it.

package import HTTPServer
internal import HTTPTypes
package import Logging
internal import NativeWire
package import Replication
internal import Storage

package struct AdminRegions: RequestHandler {
    private let regions: ListRegions
    private let removal: RemoveRegion
    private let logger: Logger

    package init(regions: ListRegions, removal: RemoveRegion, logger: Logger) {
        self.regions = regions
        self.removal = removal
        self.logger = logger
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        await ServerResponse.of(request, logger: logger) {
            switch (request.head.method, request.head.path) {
            case (.get, AdminCall.listRegions):
                request.trace.note(operation: "AdminListRegions")
                return try .json(.ok, try await list())
            case (.post, AdminCall.removeRegion):
                request.trace.note(operation: "AdminRemoveRegion")
                let asked = try await request.adminDocument(RemoveRegionRequestDocument.self)
                if asked.isConfirmed { request.trace.note(resource: asked.region, change: "") }
                return try .json(.ok, try await remove(asked))
            default:
                throw Refusal.noSuchCall(request)
            }
        }
    }

    private func list() async throws -> RegionListDocument {
        let last = try await regions.feedNumber()
        return RegionListDocument(
            regions: try await regions.run().map {
                RegionListDocument.Region($0, feedNumber: last)
            })
    }

    private func remove(
        _ asked: RemoveRegionRequestDocument
    ) async throws -> RegionRemovalDocument {
        guard asked.isConfirmed else {
            return RegionRemovalDocument(try await removal.plan(asked.region))
        }
        let done = try await removal.run(asked.region, isForced: asked.isForced ?? false)
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
            wasRemoved: removal.wasRemoved, isConnected: removal.isConnected,
            heardMillisecondsAgo: removal.heardMillisecondsAgo, isFollowed: removal.isFollowed,
            pendingEntries: removal.pendingEntries)
    }
}

extension RegionListDocument.Region {
    fileprivate init(_ region: KnownRegion, feedNumber: UInt64) {
        self.init(
            id: region.region?.description, name: region.name, url: region.url,
            isConnected: region.isConnected, isRemoved: region.isRemoved,
            lastError: region.lastError, answeredMillisecondsAgo: region.answeredMillisecondsAgo,
            askedMillisecondsAgo: region.askedMillisecondsAgo,
            cursor: region.cursor?.description,
            behindEntries: region.confirmed.map { feedNumber - min($0, feedNumber) },
            lag: StatusDocument.Lag(region.lag))
    }
}

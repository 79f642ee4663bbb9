// Regions that are gone for good. This region waits for none of them any more: no deletion, quarantine or receipt
// is kept for their sake. So none may come back with what it held, which nobody would delete there again: its
// requests are refused, and it is followed no more, whatever name it has. It can join again only as a new region,
// from an empty data directory. What it wrote and is known here this region hands on (`RegionAnswers`).
//
// Written down as settings of this region alone, `local/removed-region/<id>`.

internal import NIOCore
package import Storage
internal import Synchronization

package final class RemovedRegions: Sendable {
    private let names: Mutex<[RegionID: String]>

    /// By their ids, the names that they had.
    package init(_ names: [RegionID: String] = [:]) { self.names = Mutex(names) }

    package static func load(
        objects: any ObjectStore, blobs: any BlobStore
    ) async throws -> RemovedRegions {
        let settings = Settings(objects: objects, blobs: blobs)
        var names: [RegionID: String] = [:]
        for object in try await settings.list(Settings.removedRegions) {
            let path = object.name.key.string
            guard let region = RegionID(String(path.dropFirst(Settings.removedRegions.count))),
                let name = try await settings.read(path)
            else { throw StorageError(.damaged, "“\(path)” names no region") }
            names[region] = String(buffer: name)
        }
        return RemovedRegions(names)
    }

    package var all: Set<RegionID> { names.withLock { Set($0.keys) } }

    package func contains(_ region: RegionID) -> Bool {
        names.withLock { $0[region] != nil }
    }

    /// What it was called.
    func name(of region: RegionID) -> String? {
        names.withLock { $0[region] }.flatMap { $0 == region.description ? nil : $0 }
    }

    func note(_ region: RegionID, named name: String) {
        names.withLock { $0[region] = name }
    }
}

// Which region each peer's name stands for, written down at the first meeting: settings of this region
// alone, `local/region/<name>`.

internal import FoundationEssentials
internal import NIOCore
internal import Storage

struct PeerPins: Sendable {
    private static let prefix = "local/region/"

    private struct Document: Codable {
        var format = 1
        var region: String
    }

    private let settings: Settings

    init(objects: any ObjectStore, blobs: any BlobStore) {
        settings = Settings(objects: objects, blobs: blobs)
    }

    func read(_ peers: [String]) async throws -> [String: RegionID] {
        var pins: [String: RegionID] = [:]
        for peer in peers {
            guard let bytes = try await settings.read(Self.prefix + peer) else { continue }
            let document = try JSONDecoder().decode(
                Document.self, from: Data(bytes.readableBytesView))
            guard let region = RegionID(document.region) else {
                throw StorageError(
                    .damaged, "“\(document.region)”, kept for peer “\(peer)”, is no region id")
            }
            pins[peer] = region
        }
        return pins
    }

    func write(_ peer: String, _ region: RegionID) async throws {
        let document = Document(region: region.description)
        let bytes = ByteBuffer(bytes: try JSONEncoder().encode(document))
        try await settings.write(bytes, to: Self.prefix + peer)
    }
}

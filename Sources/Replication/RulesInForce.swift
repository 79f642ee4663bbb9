// The replication rules of the buckets, as they hold in this region. Nothing is kept of what they decided: they are
// asked again whenever a version is looked at.
//
// The newest settings that are known count, published or not: they come in the same stretch of a feed as what was
// written after them, and must hold for that.

internal import NIOCore
internal import RegistryLayout
package import Storage
internal import Synchronization

package final class RulesInForce: Sendable {
    private struct Kept {
        let blob: BlobID
        let rules: RulesOfRegion?
    }

    private static let limit = 1024

    private let region: String
    private let feed: any ChangeFeed
    private let blobs: any BlobStore
    private let kept = Mutex<[String: Kept]>([:])

    /// `region` is the name of this one, by which rules know it.
    package init(region: String, feed: any ChangeFeed, blobs: any BlobStore) {
        self.region = region
        self.feed = feed
        self.blobs = blobs
    }

    /// Whether the rules may have changed with this name.
    static func depend(on name: ObjectName) -> Bool {
        name.bucket == BucketName.system && name.key.hasPrefix(ObjectKey(Buckets.settingsPrefix))
    }

    /// `nil` where nothing is withheld. Settings that cannot be read here count as not made.
    func rules(of bucket: String) async throws -> RulesOfRegion? {
        guard bucket != BucketName.system else { return nil }
        let register = try await feed.registers(of: [Buckets.settingsName(of: bucket)]).first
        for version in register?.versions ?? [] where !version.isHistory {
            guard let blob = version.content?.blob else { return nil }
            if let kept = kept.withLock({ $0[bucket] }), kept.blob == blob { return kept.rules }
            guard let bytes = try await content(of: blob) else { continue }
            let settings = BucketSettings(inForce: bytes.readableBytesView)
            let rules = RulesOfRegion(settings, in: region)
            kept.withLock { kept in
                if kept.count >= Self.limit { kept.removeAll() }
                kept[bucket] = Kept(blob: blob, rules: rules)
            }
            return rules
        }
        return nil
    }

    /// `nil` where they are not here, or are no settings' bytes.
    private func content(of blob: BlobID) async throws -> ByteBuffer? {
        do {
            return try await blobs.content(of: blob, limitBytes: Settings.limitBytes)
        } catch let error as StorageError
            where [.noSuchBlob, .damaged, .limitExceeded].contains(error.code)
        {
            return nil
        }
    }
}

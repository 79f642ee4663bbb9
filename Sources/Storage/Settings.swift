// Settings are objects in the reserved bucket, under `local/` (this region's own) or `shared/`
// (replicated): no second mechanism.

package import NIOCore

/// Small documents by path, in `-system`.
package struct Settings: Sendable {
    package static let limitBytes = 64 << 10

    private let objects: any ObjectStore
    private let blobs: any BlobStore

    package init(objects: any ObjectStore, blobs: any BlobStore) {
        self.objects = objects
        self.blobs = blobs
    }

    package func read(_ path: String) async throws -> ByteBuffer? {
        guard let content = try await objects.object(Self.name(path))?.content else { return nil }
        return try await blobs.content(of: content.blob, limitBytes: Self.limitBytes)
    }

    /// Writes unless it says so already, so that a restart writes nothing. Throws `limitExceeded` for what could
    /// not be read back.
    package func write(
        _ bytes: ByteBuffer, to path: String, if preconditions: Preconditions = .none
    ) async throws {
        guard bytes.readableBytes <= Self.limitBytes else {
            throw StorageError(
                .limitExceeded, "a setting takes at most \(Self.limitBytes) bytes")
        }
        let staged = try await blobs.stage(bytes: bytes)
        guard let blob = staged.blob, let md5 = staged.md5 else {
            preconditionFailure("a setting is staged with SHA-256 and MD5")
        }
        let present = try await objects.object(Self.name(path))
        if present?.content?.blob == blob, preconditions == .none { return }
        let content = ObjectContent(
            blob: blob, sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0,
            etag: Hexadecimal.encode(md5), headers: ContentHeaders(contentType: "application/json"))
        try await objects.commit(.put(Self.name(path), content, staged, preconditions))
    }

    /// Writes what `body` makes of what is there now; it is asked again where somebody else was quicker. Throws
    /// `unavailable` where that goes on.
    package func change(
        _ path: String, keepsAge: Bool = false, _ body: (ByteBuffer?) throws -> ByteBuffer
    ) async throws {
        for _ in 0..<Self.attempts {
            let version = try await objects.object(Self.name(path))
            let present = version?.content
            var bytes: ByteBuffer?
            if let present {
                bytes = try await blobs.content(of: present.blob, limitBytes: Self.limitBytes)
            }
            let next = try body(bytes)
            if next == bytes { return }
            var unchanged =
                present.map { Preconditions(ifMatch: .list([$0.etag])) }
                ?? Preconditions(ifNoneMatch: .any)
            if keepsAge { unchanged.version = version?.version }
            do {
                return try await write(next, to: path, if: unchanged)
            } catch let error as StorageError
                where [.preconditionFailed, .noSuchKey].contains(error.code)
            {
                continue
            }
        }
        throw StorageError(.unavailable, "others are changing this setting; try again")
    }

    private static let attempts = 8

    package func delete(_ path: String, if preconditions: Preconditions = .none) async throws {
        try await objects.commit(.delete(Self.name(path), preconditions))
    }

    /// The objects whose path begins with `prefix`, all of them.
    package func list(_ prefix: String) async throws -> [ObjectVersion] {
        var request = ListRequest(bucket: BucketName.system, prefix: ObjectKey(prefix))
        var result: [ObjectVersion] = []
        while true {
            let page = try await objects.list(request)
            for case .object(let version) in page.entries { result.append(version) }
            guard page.isTruncated, let last = page.entries.last else { return result }
            request.after = last.key
        }
    }

    /// Under it a setting for each region that was removed: it is waited for no more.
    package static let removedRegions = "local/removed-region/"

    package static func removedRegion(_ region: RegionID) -> String {
        removedRegions + region.description
    }

    package static func name(_ path: String) -> ObjectName {
        ObjectName(bucket: BucketName.system, key: ObjectKey(path))
    }
}

// Links and manifests of a registry's tree, read from the store: from what shows, from what waits and from
// history alike, since all of them can name what must stay.

internal import NIOCore
internal import RegistryLayout
internal import Storage

/// The parts of a store that reading a registry takes.
typealias RegistryStore = ObjectStore & BlobStore & ChangeFeed & ObjectHistory

/// A link or a manifest that cannot be read: what it reaches is unknown.
struct UnreadableEntry: Error, Sendable {
    let name: ObjectName
    let reason: String
}

struct ReadRegistry: Sendable {
    let store: any RegistryStore
    let bucket: String

    func name(_ path: LayoutPath) -> ObjectName { ObjectName(bucket: bucket, key: path.key) }

    func register(_ name: ObjectName) async throws -> ObjectRegister {
        guard let register = try await store.registers(of: [name]).first else {
            preconditionFailure("one name, no register")
        }
        return register
    }

    /// What a version of a link says. Throws `UnreadableEntry`.
    func target(of link: ObjectVersion) async throws -> ContentDigest {
        guard let content = link.content else {
            throw UnreadableEntry(name: link.name, reason: "it is a deletion")
        }
        let bytes = try await bytes(
            content.blob, of: link.name, limitBytes: Closure.linkLimitBytes)
        guard let target = Closure.linkTarget(bytes) else {
            throw UnreadableEntry(name: link.name, reason: "the link’s bytes are no digest")
        }
        return target
    }

    /// What a manifest refers to. Throws `UnreadableEntry`.
    func references(
        of manifest: ContentDigest, in root: RegistryRoot
    ) async throws -> ManifestReferences {
        let name = name(.blobData(root, manifest))
        guard let blob = try await blob(manifest, name) else {
            throw UnreadableEntry(name: name, reason: "the manifest’s bytes are not here")
        }
        let bytes = try await bytes(blob, of: name, limitBytes: ManifestReferences.limitBytes)
        do {
            return try ManifestReferences(parsing: bytes)
        } catch let error as ManifestError {
            throw UnreadableEntry(name: name, reason: error.message)
        }
    }

    /// The blob of a digest; where the digest is no identity, the one that the key named.
    private func blob(_ digest: ContentDigest, _ name: ObjectName) async throws -> BlobID? {
        if let blob = digest.blob { return blob }
        return try await register(name).versions.lazy.compactMap(\.content?.blob).first
    }

    private func bytes(
        _ blob: BlobID, of name: ObjectName, limitBytes: Int
    ) async throws -> ByteBuffer {
        do {
            return try await store.content(of: blob, limitBytes: limitBytes)
        } catch let error as StorageError
            where [.noSuchBlob, .damaged, .limitExceeded].contains(error.code)
        {
            throw UnreadableEntry(name: name, reason: error.message)
        }
    }
}

// What must be visible before a name may be: the direct dependencies of a key, as keys of the same
// bucket. A name whose dependencies are all visible reaches only complete things, by induction; so the
// whole closure never has to be held at once.

package import NIOCore
package import Storage

package enum Closure {
    /// What has to be read before the dependencies of a key are known.
    package enum Input: Hashable, Sendable {
        case nothing
        /// The object's own bytes, a link.
        case link
        /// The bytes at this key, a manifest.
        case manifest(ObjectKey)
    }

    /// Links are `<algorithm>:<hex>`; more bytes than this are none.
    package static let linkLimitBytes = 256

    package static func input(of path: LayoutPath) -> Input {
        switch path {
        case .blobData, .layerLink, .tagIndexLink, .upload: .nothing
        case .tagCurrentLink: .link
        case .revisionLink(let repository, let digest):
            .manifest(LayoutPath.blobData(repository.root, digest).key)
        }
    }

    /// The digest that a link's bytes say; `nil` where they are no link.
    package static func linkTarget(_ bytes: ByteBuffer) -> ContentDigest? {
        guard bytes.readableBytes <= linkLimitBytes else { return nil }
        let text = String(buffer: bytes)
        return ContentDigest(text.hasSuffix("\n") ? text.dropLast() : text[...])
    }

    /// The direct dependencies of a path whose input is `nothing`.
    package static func dependencies(of path: LayoutPath) -> [ObjectKey] {
        switch path {
        case .layerLink(let repository, let digest):
            [LayoutPath.blobData(repository.root, digest).key]
        case .tagIndexLink(let repository, _, let digest):
            [LayoutPath.revisionLink(repository, digest).key]
        case .blobData, .upload, .tagCurrentLink, .revisionLink: []
        }
    }

    /// Whether whoever wrote the path may never have had what is at `key`, on which it depends: what a manifest refers
    /// to (a sparse index, a foreign layer). What a link names is absent only where it was deleted since, or lost.
    package static func mayBeAbsent(_ key: ObjectKey, of path: LayoutPath) -> Bool {
        guard case .revisionLink = path else { return false }
        return input(of: path) != .manifest(key)
    }

    /// The direct dependencies of a tag that names `target`.
    package static func dependencies(
        ofTagIn repository: Repository, target: ContentDigest
    ) -> [ObjectKey] {
        [LayoutPath.revisionLink(repository, target).key]
    }

    /// The direct dependencies of a revision beside the manifest's own bytes.
    package static func dependencies(
        ofRevisionIn repository: Repository, references: ManifestReferences
    ) -> [ObjectKey] {
        let layers = ([references.config].compactMap { $0 } + references.layers).map {
            LayoutPath.layerLink(repository, $0).key
        }
        let children = references.manifests.map { LayoutPath.revisionLink(repository, $0).key }
        return layers + children
    }
}

// Which manifests of one repository are needed. Values in, values out: whoever reads the repository adds
// what its tags name and what its manifests refer to, and asks what is reached.
//
// A manifest is reached where
//   - a version of a tag names it: the one that shows, one that waits, one that is kept as history. The
//     tags that cosign makes for a digest (`sha256-<hex>.sig`, `.att`, `.sbom`) and the fallback tags of the
//     referrers API are tags like any other, so signatures stay for as long as they are tagged;
//   - it is a root for another reason: it is young, it waits to be complete here, or untagged manifests are
//     not to be collected at all;
//   - an index or manifest list that is reached names it, however deep;
//   - its subject is reached: a signature, attestation or bill of materials stays with what it is about.
// A subject is not reached by its referrer: an artifact does not keep the image that it speaks of.
//
// Memory is bounded: a manifest costs its digest, its children and its subject, not its layers, and more
// than `limit` manifests are refused.

package import Storage

package struct RepositoryMark: Sendable {
    /// Manifests of one repository.
    package static let limit = 1_000_000

    private var children: [ContentDigest: [ContentDigest]] = [:]
    private var referrers: [ContentDigest: [ContentDigest]] = [:]
    private var roots: Set<ContentDigest> = []
    private var count = 0

    package init() {}

    /// A manifest that is needed whatever else is.
    package mutating func addRoot(_ manifest: ContentDigest) { roots.insert(manifest) }

    /// What a manifest refers to. Returns whether there was room for it.
    package mutating func add(
        _ manifest: ContentDigest, _ references: ManifestReferences
    ) -> Bool {
        guard count < Self.limit else { return false }
        count += 1
        if !references.manifests.isEmpty { children[manifest] = references.manifests }
        if let subject = references.subject { referrers[subject, default: []].append(manifest) }
        return true
    }

    /// Everything that is reached, what the repository does not hold included.
    package func reached() -> Set<ContentDigest> {
        var reached = roots
        var next = Array(roots)
        while let manifest = next.popLast() {
            for other in children[manifest] ?? [] where reached.insert(other).inserted {
                next.append(other)
            }
            for other in referrers[manifest] ?? [] where reached.insert(other).inserted {
                next.append(other)
            }
        }
        return reached
    }
}

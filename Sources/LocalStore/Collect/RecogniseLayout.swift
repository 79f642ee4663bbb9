// The layout of a bucket: the one it is said to have, or the one that is found by a look at its top: a few
// directories of each level, so it costs the same however much the bucket holds.

internal import RegistryLayout
internal import Storage

struct RecogniseLayout: Sendable {
    let store: any RegistryStore

    /// Directories that are looked into, and names that are looked at in each.
    private static let directories = 200
    private static let names = 300

    /// Throws `noSuchBucket`, and `invalidArgument` where the bucket's settings cannot be read.
    func layout(of bucket: String) async throws -> BucketLayout {
        switch try await Buckets(objects: store, blobs: store).settings(of: bucket).layout {
        case .distribution: try await found(in: bucket)
        case .quay: .quay
        case .zot: .zot
        case .plain: .plain
        }
    }

    private func found(in bucket: String) async throws -> BucketLayout {
        var seen: [SeenDirectory] = []
        var roots: [RegistryRoot] = []
        var level = [""]
        for _ in 0...BucketLayout.depth {
            var next: [String] = []
            for path in level where seen.count < Self.directories {
                if try await holdsRegistry(path, bucket) {
                    roots.append(RegistryRoot(prefix: path + RegistryRoot.marker))
                    continue
                }
                let directory = try await directory(path, bucket)
                next += directory.names.filter { $0.hasSuffix("/") }.sorted().map { path + $0 }
                seen.append(directory)
            }
            level = next
        }
        return BucketLayout(seen, roots: roots)
    }

    private func holdsRegistry(_ path: String, _ bucket: String) async throws -> Bool {
        let prefix = ObjectKey(path + RegistryRoot.marker)
        let request = ListRequest(bucket: bucket, prefix: prefix, limit: 1)
        return try await !store.list(request).entries.isEmpty
    }

    private func directory(_ path: String, _ bucket: String) async throws -> SeenDirectory {
        let page = try await store.list(
            ListRequest(
                bucket: bucket, prefix: ObjectKey(path), delimiter: Array("/".utf8),
                limit: Self.names))
        let names = page.entries.map { String($0.key.string.dropFirst(path.count)) }
        return SeenDirectory(path: path, names: Set(names))
    }
}

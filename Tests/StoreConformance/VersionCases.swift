// What every store keeps of a bucket with versioning, and how clients name it.

internal import NIOCore
internal import Storage
internal import Testing

private let elsewhere = RegionID(0xE15E_0000_0000_0002)

extension StoreCase {
    static let versionCases: [StoreCase] =
        writtenVersions + purgedVersions + listedVersions
        + arrivedVersions

    private static let writtenVersions = [
        StoreCase("a bucket with versioning keeps every version until it is purged") { store in
            try await store.makeBucket(.enabled)
            var written: [ObjectVersion] = []
            for size in 1...5 { written.append(try await store.put("a", pattern(size))) }
            for object in written { #expect(object.versionID == .stamp(object.version)) }
            #expect(try await store.shown() == written.reversed().map(\.line))
            #expect(try await store.version(of: named("a"), id: nil) == written[4])
            let old = try #require(
                try await store.version(of: named("a"), id: written[1].versionID))
            let blob = try #require(old.content?.blob)
            #expect(try await store.content(of: blob, limitBytes: 10) == pattern(2))
            #expect(try await store.history(after: nil, limit: 10).isEmpty)
            let page = try await store.versions(of: named("a"), before: nil, limit: 10)
            #expect(page.versions == written.reversed())
            #expect(page.visible == written[4].version)
        },
        StoreCase("a deletion is a version, also of what is not there") { store in
            try await store.makeBucket(.enabled)
            let first = try await store.put("a", pattern(1))
            let marker = try #require(try await store.commit(.delete(named("a"), .none)))
            let again = try #require(try await store.commit(.delete(named("a"), .none)))
            let other = try #require(try await store.commit(.delete(named("b"), .none)))
            #expect(try await store.object(named("a")) == nil)
            #expect(try await store.version(of: named("a"), id: nil) == again)
            #expect(
                try await store.shown() == [again, marker, first, other].map(\.line))
            let back = try await store.put("a", pattern(2))
            #expect(
                try await store.shown("a") == [back, again, marker, first].map(\.line))
        },
        StoreCase("what was there before is the null version, and there is one of a key") { store in
            try await store.makeBucket()
            let plain = try await store.put("a", pattern(1))
            #expect(plain.versionID == .unversioned)
            try await store.set(.enabled)
            let second = try await store.put("a", pattern(2))
            #expect(try await store.shown() == [second.line, plain.line])
            #expect(try await store.version(of: named("a"), id: .null) == plain)
            try await store.set(.suspended)
            let null = try await store.put("a", pattern(3))
            #expect(null.versionID == .null)
            #expect(try await store.shown() == [null.line, second.line])
            let marker = try #require(try await store.commit(.delete(named("a"), .none)))
            #expect(marker.versionID == .null)
            #expect(try await store.shown() == [marker.line, second.line])
            let last = try await store.put("a", pattern(4))
            #expect(try await store.shown() == [last.line, second.line])
            #expect(try await store.version(of: named("a"), id: .null) == last)
        },
        StoreCase("what was deleted before there was versioning is no version") { store in
            try await store.makeBucket()
            try await store.put("a", pattern(1))
            try await store.commit(.delete(named("a"), .none))
            try await store.set(.enabled)
            #expect(try await store.shown().isEmpty)
            #expect(try await store.version(of: named("a"), id: nil) == nil)
            let put = try await store.put("a", pattern(1))
            #expect(try await store.shown() == [put.line])
            try await store.commit(.purge(named("a"), put.versionID, .none))
            try await Buckets(objects: store, blobs: store).delete(bucket)
        },
        StoreCase("something else is said of a version in its place") { store in
            try await store.makeBucket(.enabled)
            let first = try await store.put("a", pattern(1))
            let second = try await store.put("a", pattern(2))
            var content = try #require(first.content)
            content.tags = [MetadataField(name: "t", value: "1")]
            let amended = try #require(
                try await store.commit(.amend(named("a"), content, first.version)))
            #expect(amended.versionID == first.versionID)
            #expect(try await store.shown() == [second.line, first.line])
            #expect(
                try await store.version(of: named("a"), id: first.versionID)?.content?.tags
                    == content.tags)
            #expect(try await store.get("a") == pattern(2))
            await expect(.preconditionFailed) {
                try await store.commit(.amend(named("a"), content, first.version))
            }
            await expect(.invalidArgument) {
                try await store.commit(.amend(named("a"), content, second.version))
            }
            content.tags = []
            try await store.commit(.amend(named("a"), content, amended.version))
            #expect(
                try await store.version(of: named("a"), id: first.versionID)?.content?.tags == [])
            #expect(
                try await store.versions(of: named("a"), before: nil, limit: 9).versions.count == 2)
        },
    ]

    private static let purgedVersions = [
        StoreCase("what is older shows again when the latest is purged") { store in
            try await store.makeBucket(.enabled)
            let first = try await store.put("a", pattern(1))
            let second = try await store.put("a", pattern(2))
            let third = try await store.put("a", pattern(3))
            #expect(try await store.purge(third) == third)
            #expect(try await store.get("a") == pattern(2))
            #expect(try await store.purge(third) == nil)
            #expect(try await store.purge(first) == first)
            #expect(try await store.shown() == [second.line])
            let marker = try #require(try await store.commit(.delete(named("a"), .none)))
            #expect(try await store.purge(marker) == marker)
            #expect(try await store.object(named("a")) == second)
            #expect(try await store.purge(second) == second)
            #expect(try await store.shown().isEmpty)
            #expect(try await store.version(of: named("a"), id: second.versionID) == nil)
        },
        StoreCase("a null version is purged with all that gave way to it") { store in
            try await store.makeBucket()
            let plain = try await store.put("a", pattern(1))
            try await store.set(.suspended)
            let null = try await store.put("a", pattern(2))
            #expect(try await store.commit(.purge(named("a"), .null, .none)) == null)
            #expect(try await store.object(named("a")) == nil)
            try await store.merge([FeedEntry(object: plain)])
            #expect(try await store.pending(after: nil, limit: 9).isEmpty)
            let later = try await store.put("a", pattern(3))
            #expect(try await store.shown() == [later.line])
        },
        StoreCase("without versioning a purge deletes what is there") { store in
            try await store.makeBucket()
            let plain = try await store.put("a", pattern(1))
            #expect(
                try await store.commit(.purge(named("a"), .stamp(plain.version), .none)) == nil)
            #expect(try await store.object(named("a")) == plain)
            #expect(try await store.commit(.purge(named("a"), .null, .none)) == plain)
            #expect(try await store.object(named("a")) == nil)
            #expect(try await store.registers(of: [named("a")])[0].purges.isEmpty)
        },
        StoreCase("a purge heeds its conditions") { store in
            try await store.makeBucket(.enabled)
            let first = try await store.put("a", pattern(1))
            let second = try await store.put("a", pattern(2))
            let other = Preconditions(ifMatch: .list(["other"]))
            await expect(.preconditionFailed) {
                try await store.commit(.purge(named("a"), first.versionID, other))
            }
            await expect(.preconditionFailed) {
                try await store.commit(
                    .purge(named("a"), first.versionID, Preconditions(version: first.version)))
            }
            let isLatest = Preconditions(version: second.version)
            #expect(
                try await store.commit(.purge(named("a"), first.versionID, isLatest)) == first)
        },
        StoreCase("a bucket is not empty while a version or a marker is left") { store in
            try await store.makeBucket(.enabled)
            let first = try await store.put("a", pattern(1))
            let marker = try #require(try await store.commit(.delete(named("a"), .none)))
            let buckets = Buckets(objects: store, blobs: store)
            await expect(.bucketNotEmpty) { try await buckets.delete(bucket) }
            try await store.purge(first)
            await expect(.bucketNotEmpty) { try await buckets.delete(bucket) }
            try await store.purge(marker)
            try await buckets.delete(bucket)
            try await store.makeBucket()
            #expect(try await store.put("a", pattern(1)).versionID == .unversioned)
        },
    ]

    private static let listedVersions = [
        StoreCase("versions are listed in pages of any size, by key and newest first") { store in
            try await store.makeBucket(.enabled)
            for key in ["a", "b/1", "b/2", "c", "c\u{0}d", "d"] {
                for size in 1...3 { try await store.put(key, pattern(size)) }
            }
            try await store.commit(.delete(named("c"), .none))
            try await store.commit(.delete(named("b/2"), .none))
            for delimiter in [nil, Array("/".utf8)] {
                var request = VersionListRequest(bucket: bucket, delimiter: delimiter)
                let whole = try await store.list(request)
                #expect(whole.entries.count == (delimiter == nil ? 20 : 14))
                #expect(whole.entries.map(\.key) == whole.entries.map(\.key).sorted())
                let latest = whole.entries.count {
                    if case .version(_, true) = $0 { true } else { false }
                }
                #expect(latest == (delimiter == nil ? 6 : 4))
                for limit in 1...5 {
                    request.limit = limit
                    request.after = nil
                    var entries: [VersionListEntry] = []
                    var page: VersionListPage
                    repeat {
                        page = try await store.list(request)
                        #expect(page.entries.count <= limit)
                        entries += page.entries
                        request.after = page.entries.last?.marker
                    } while page.isTruncated
                    #expect(entries == whole.entries)
                }
            }
            let prefixed = try await store.list(
                VersionListRequest(bucket: bucket, prefix: "b/", delimiter: Array("/".utf8)))
            #expect(prefixed.entries.count == 7)
            let none = try await store.list(VersionListRequest(bucket: bucket, limit: 0))
            #expect(none == VersionListPage(entries: [], isTruncated: false))
        },
        StoreCase("a list goes on where a version was that is gone") { store in
            try await store.makeBucket()
            let plain = try await store.put("a", pattern(9))
            try await store.set(.enabled)
            var written = [plain]
            for size in 1...3 { written.append(try await store.put("a", pattern(size))) }
            let marker = VersionMarker(key: "a", id: written[2].versionID)
            try await store.purge(written[2])
            let rest = try await store.list(VersionListRequest(bucket: bucket, after: marker))
            #expect(rest.entries == [1, 0].map { .version(written[$0], isLatest: false) })
            try await store.purge(written[3])
            let still = try await store.list(VersionListRequest(bucket: bucket, after: marker))
            #expect(
                still.entries
                    == [.version(written[1], isLatest: true), .version(plain, isLatest: false)])
            try await store.purge(plain)
            let all = try await store.list(
                VersionListRequest(bucket: bucket, after: VersionMarker(key: "a", id: .null)))
            #expect(all.entries == [.version(written[1], isLatest: true)])
        },
    ]

    private static let arrivedVersions = [
        StoreCase("what comes late from another region is kept by its id, whatever is known here") {
            store in
            try await store.makeBucket()
            let newer = try arriving(stamp: 200, pattern(2))
            let older = try arriving(stamp: 100, pattern(1))
            for entry in [newer, older] {
                try await store.merge([entry])
                #expect(try await store.pending(after: nil, limit: 9).count == 1)
                try await store.publish([reference(entry.object)])
            }
            #expect(try await store.get("a") == pattern(2))
            #expect(
                try await store.version(of: named("a"), id: older.object.versionID)?.version
                    == older.object.version)
            #expect(try await store.shown() == [newer.object.line, older.object.line])
        },
        StoreCase("a purge from another region beats its version in any order") { store in
            try await store.makeBucket(.enabled)
            let entry = try arriving(stamp: 100, pattern(1))
            let purge = arrivingPurge(of: entry.object, stamp: 300)
            try await store.merge([purge])
            try await store.merge([entry])
            #expect(try await store.pending(after: nil, limit: 9).isEmpty)
            let other = try arriving(stamp: 200, pattern(2))
            try await store.merge([other])
            try await store.publish([reference(other.object)])
            #expect(try await store.get("a") == pattern(2))
            try await store.merge([arrivingPurge(of: other.object, stamp: 400)])
            #expect(try await store.object(named("a")) == nil)
            #expect(try await store.shown().isEmpty)
        },
        StoreCase("every version and purge is in the feed") { store in
            try await store.makeBucket(.enabled)
            let start = try #require(try await store.cursors()[store.region])
            let first = try await store.put("a", pattern(1))
            let second = try await store.put("a", pattern(2))
            let marker = try #require(try await store.commit(.delete(named("a"), .none)))
            try await store.purge(first)
            let feed = try await store.entries(of: store.region, after: start, limit: 9)
            #expect(feed.entries.map(\.object).prefix(2) == [second, marker])
            #expect(feed.entries.last?.object.purges(first) == true)
            #expect(feed.entries.count == 3)
        },
    ]
}

private func arriving(stamp: UInt64, _ bytes: ByteBuffer) throws -> FeedEntry {
    let content = ObjectContent(
        blob: try blobID(bytes), sizeBytes: UInt64(bytes.readableBytes),
        lastModifiedMilliseconds: 5, etag: "e")
    let version = Version(stamp: HybridTimestamp(milliseconds: stamp), region: elsewhere)
    return FeedEntry(
        object: ObjectVersion(
            name: named("a"), version: version,
            position: FeedPosition(incarnation: 7, number: stamp), kind: .put(content),
            state: .published, versionID: .stamp(version)), inlineBytes: bytes)
}

private func arrivingPurge(of object: ObjectVersion, stamp: UInt64) -> FeedEntry {
    FeedEntry(
        object: ObjectVersion(
            name: object.name,
            version: Version(stamp: HybridTimestamp(milliseconds: stamp), region: elsewhere),
            position: FeedPosition(incarnation: 7, number: stamp), kind: object.purge.kind,
            state: .published, versionID: object.purge.id))
}

private func reference(_ object: ObjectVersion) -> VersionReference {
    object.reference
}

extension ObjectVersion {
    /// As a list shows it.
    fileprivate var line: String {
        "\(name.key) \(versionID)" + (content.map { " \($0.sizeBytes)" } ?? " deleted")
    }
}

extension ObjectStore where Self: BlobStore & ObjectVersions {
    fileprivate func makeBucket(_ versioning: BucketVersioning) async throws {
        try await Buckets(objects: self, blobs: self).create(bucket)
        try await set(versioning)
    }

    fileprivate func set(_ versioning: BucketVersioning) async throws {
        try await Buckets(objects: self, blobs: self).set(
            .versioning, to: ByteBuffer(string: versioning.document), of: bucket)
    }

    @discardableResult
    fileprivate func purge(_ object: ObjectVersion) async throws -> ObjectVersion? {
        try await commit(.purge(object.name, object.versionID, .none))
    }

    /// A list of versions, line by line; checks that the first of each key is the latest, and no other.
    fileprivate func shown(_ prefix: ObjectKey = "") async throws -> [String] {
        let page = try await list(VersionListRequest(bucket: bucket, prefix: prefix))
        var lines: [String] = []
        var last: ObjectKey?
        for case .version(let version, let isLatest) in page.entries {
            #expect(isLatest == (version.name.key != last))
            last = version.name.key
            lines.append(version.line)
        }
        return lines
    }
}

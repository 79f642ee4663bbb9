// What every store keeps of what was overwritten and deleted, and for how long.

internal import NIOCore
internal import Storage
internal import Testing

private let repository = "docker/registry/v2/repositories/r/"
private let tag = repository + "_manifests/tags/latest/current/link"
private let hex = String(repeating: "ab", count: 32)
private let layer = repository + "_layers/sha256/\(hex)/link"
private let month: Int64 = 30 * 86_400_000

private func reference(_ object: ObjectVersion) -> VersionReference {
    object.reference
}

extension ObjectHistory {
    fileprivate func kept(_ key: String) async throws -> [Version] {
        try await versions(of: named(key), before: nil, limit: 100).versions
            .filter(\.isHistory).map(\.version)
    }
}

extension StoreCase {
    static let historyCases: [StoreCase] = [
        StoreCase("what a tag named before is kept, newest first, in pages") { store in
            try await store.makeBucket()
            var written: [Version] = []
            for size in 1...5 { written.append(try await store.put(tag, pattern(size)).version) }
            let all = try await store.versions(of: named(tag), before: nil, limit: 10)
            #expect(all.versions.map(\.version) == written.reversed())
            #expect(all.visible == written.last)
            #expect(!all.isTruncated)
            #expect(all.versions.map(\.isHistory) == [false, true, true, true, true])
            let page = try await store.versions(of: named(tag), before: written[3], limit: 2)
            #expect(page.versions.map(\.version) == [written[2], written[1]])
            #expect(page.visible == written[4])
            #expect(page.isTruncated)
            let old = try await store.version(
                VersionReference(name: named(tag), version: written[1]))
            let blob = try #require(old.content?.blob)
            #expect(try await store.content(of: blob, limitBytes: 100) == pattern(2))
            #expect(try await store.get(tag) == pattern(5))
        },
        StoreCase("a deleted tag is kept, and so is its having been deleted") { store in
            try await store.makeBucket()
            let first = try await store.put(tag, pattern(1))
            let gone = try #require(try await store.commit(.delete(named(tag), .none)))
            let page = try await store.versions(of: named(tag), before: nil, limit: 10)
            #expect(page.versions.map(\.version) == [gone.version, first.version])
            #expect(page.visible == nil)
            try await store.put(tag, pattern(2))
            #expect(try await store.kept(tag) == [gone.version, first.version])
        },
        StoreCase("other names keep nothing, unless their bucket says so") { store in
            try await store.makeBucket()
            let old = try await store.put("a", pattern(1))
            try await store.put("a", pattern(2))
            #expect(try await store.kept("a").isEmpty)
            await expect(.noSuchKey) { _ = try await store.version(reference(old)) }
            let buckets = Buckets(objects: store, blobs: store)
            #expect(try await buckets.retention(of: bucket) == .standard)
            let retention = HistoryRetention(tagLinksMilliseconds: 0, othersMilliseconds: 5000)
            try await buckets.setRetention(retention, of: bucket)
            #expect(try await buckets.retention(of: bucket) == retention)
            try await store.put("a", pattern(3))
            #expect(try await store.kept("a").count == 1)
            try await store.put(tag, pattern(1))
            try await store.put(tag, pattern(2))
            #expect(try await store.kept(tag).isEmpty)
        },
        StoreCase("what a tag may reach is kept when it is deleted, not when it is rewritten") {
            store in
            try await store.makeBucket()
            try await store.put(layer, pattern(1))
            let last = try await store.put(layer, pattern(1))
            #expect(try await store.kept(layer).isEmpty)
            try await store.commit(.delete(named(layer), .none))
            #expect(try await store.kept(layer) == [last.version])
        },
        StoreCase("settings and uploads in progress keep nothing") { store in
            try await store.makeBucket()
            let retention = HistoryRetention(othersMilliseconds: 5000)
            try await Buckets(objects: store, blobs: store).setRetention(retention, of: bucket)
            let key = repository + "_uploads/1/startedat"
            try await store.put(key, pattern(1))
            try await store.put(key, pattern(2))
            try await store.commit(.delete(named(key), .none))
            #expect(try await store.kept(key).isEmpty)
            let settings = Settings(objects: store, blobs: store)
            try await settings.write(ByteBuffer(string: "{}"), to: "shared/x")
            try await settings.write(ByteBuffer(string: "{ }"), to: "shared/x")
            #expect(try await store.history(after: nil, limit: 10).isEmpty)
        },
        StoreCase("history ends by its time, in order, and only what is history ends") { store in
            try await store.makeBucket()
            for size in 1...4 { try await store.put(tag, pattern(size)) }
            let marks = try await store.history(after: nil, limit: 10)
            try #require(marks.count == 3)
            #expect(marks == marks.sorted())
            #expect(try await store.history(after: marks[0], limit: 1) == [marks[1]])
            let last = try #require(marks.last).keptUntilMilliseconds
            #expect(
                try await store.expireHistory(nowMilliseconds: last - month / 2, limit: 10) == 0)
            #expect(try await store.expireHistory(nowMilliseconds: last, limit: 2) == 2)
            #expect(try await store.kept(tag) == [marks[2].reference.version])
            let shown = try #require(try await store.object(named(tag)))
            try await store.expire([reference(shown), marks[0].reference])
            #expect(try await store.get(tag) == pattern(4))
            #expect(try await store.expireHistory(nowMilliseconds: last, limit: 2) == 1)
            #expect(try await store.registers(of: [named(tag)])[0].versions == [shown])
        },
        StoreCase("history is in no feed and waits for nothing") { store in
            try await store.makeBucket()
            try await store.put(tag, pattern(1))
            let last = try await store.put(tag, pattern(2))
            let feed = try await store.entries(of: store.region, after: .start, limit: 10)
            #expect(feed.entries.map(\.object.version).suffix(1) == [last.version])
            #expect(feed.entries.count == 2)
            #expect(try await store.pending(after: nil, limit: 10).isEmpty)
        },
        StoreCase("what lost against a newer version of another region is kept") { store in
            try await store.makeBucket()
            let winner = try foreign(tag, stamp: 1 << 45, pattern(9))
            try await store.merge([winner])
            try await store.publish([reference(winner.object)])
            let loser = try foreign(tag, stamp: (1 << 45) - 1, pattern(8))
            try await store.merge([loser])
            #expect(try await store.kept(tag) == [loser.object.version])
            #expect(try await store.pending(after: nil, limit: 10).isEmpty)
            #expect(try await store.get(tag) == pattern(9))
            let marks = try await store.history(after: nil, limit: 10)
            try await store.merge([loser])
            #expect(try await store.history(after: nil, limit: 10) == marks)
            let ancient = try foreign(tag, stamp: 1000, pattern(7))
            try await store.merge([ancient])
            try await store.publish([reference(ancient.object)])
            #expect(try await store.get(tag) == pattern(9))
        },
        StoreCase("history does not show again by itself, and a purge takes it out") { store in
            try await store.makeBucket()
            let local = try await store.put(tag, pattern(1))
            let winner = try foreign(tag, stamp: 1 << 45, pattern(9))
            try await store.merge([winner])
            try await store.publish([reference(winner.object)])
            var purge = try foreign(tag, stamp: (1 << 45) + 1, pattern(9))
            purge.inlineBytes = nil
            purge.object.kind = .purge(winner.object.version)
            try await store.merge([purge])
            #expect(try await store.get(tag) == nil)
            #expect(try await store.kept(tag) == [local.version])
            purge.object.kind = .purge(local.version)
            let next = HybridTimestamp(milliseconds: (1 << 45) + 2)
            purge.object.version = Version(stamp: next, region: anotherRegion)
            try await store.merge([purge])
            #expect(try await store.kept(tag).isEmpty)
            try await store.put(tag, pattern(3))
            #expect(try await store.get(tag) == pattern(3))
        },
    ]
}

// What every change feed does: numbering what is written here, merging what comes from elsewhere.

internal import NIOCore
internal import Storage
internal import Testing

private let elsewhere = RegionID(0xE15E_0000_0000_0001)

/// Versions as another region would have written them.
private struct Foreign {
    var number: UInt64 = 0
    /// Far enough ahead of any wall clock to win over local writes unless those are stamped above it.
    var stamp = HybridTimestamp(milliseconds: 1 << 45)

    mutating func entry(
        _ key: String, _ kind: ObjectVersion.Kind, inline: ByteBuffer? = nil
    ) -> FeedEntry {
        number += 1
        stamp = stamp.successor
        let object = ObjectVersion(
            name: named(key), version: Version(stamp: stamp, region: elsewhere),
            position: FeedPosition(incarnation: 7, number: number), kind: kind, state: .published)
        return FeedEntry(object: object, inlineBytes: inline)
    }

    mutating func put(
        _ key: String, _ bytes: ByteBuffer, inline: Bool = false, isSealed: Bool = false
    ) throws -> FeedEntry {
        let content = ObjectContent(
            blob: try blobID(bytes), sizeBytes: UInt64(bytes.readableBytes),
            lastModifiedMilliseconds: 5, etag: "e", isSealed: isSealed)
        return entry(key, .put(content), inline: inline ? bytes : nil)
    }
}

private func range(_ entries: [FeedEntry], after: UInt64 = 0) -> FeedRange {
    let last = entries.compactMap { $0.object.position?.number }.max() ?? after
    return FeedRange(
        origin: elsewhere,
        after: after == 0 ? .start : FeedPosition(incarnation: 7, number: after),
        through: FeedPosition(incarnation: 7, number: last), entries: entries)
}

private func reference(_ entry: FeedEntry) -> VersionReference {
    entry.object.reference
}

extension StoreCase {
    static let feedCases: [StoreCase] = [
        StoreCase("what is sealed elsewhere is sealed here, however its bytes come") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let (inline, fetched, present) = (pattern(700), pattern(9001), pattern(9002))
            try await store.put("present", present)
            let entries = [
                try foreign.put("inline", inline, inline: true, isSealed: true),
                try foreign.put("fetched", fetched, isSealed: true),
                try foreign.put("there", present, isSealed: true),
            ]
            try await store.merge(range(entries))
            #expect(try await store.stat(blobID(inline))?.isSealed == true)
            #expect(try await store.isToBeSealed(blobID(fetched)))
            #expect(try await !store.isToBeSealed(blobID(pattern(5))))
            // Whoever fetched it did not ask.
            _ = try await store.keep(store.stage(bytes: fetched))
            #expect(try await store.stat(blobID(fetched))?.isSealed == true)
            try await store.publish(entries.map(reference))
            #expect(try await store.stat(blobID(present))?.isSealed == true)
            for (key, bytes) in [("inline", inline), ("fetched", fetched), ("there", present)] {
                #expect(try await store.get(key) == bytes)
                #expect(try await store.object(named(key))?.content?.isSealed == true)
            }
        },
        StoreCase("what is written here is in the feed, once, without gaps") { store in
            try await store.makeBucket()
            try await store.put("a", pattern(1))
            try await store.put("b", pattern(20_000))
            try await store.put("a", pattern(3))
            try await store.commit(.delete(named("b"), .none))
            let all = try await store.entries(of: store.region, after: .start, limit: 100)
            let keys = all.entries.map(\.object.name.key)
            #expect(keys == [Buckets.name(of: bucket).key, "a", "b"])
            #expect(all.through.number == 5)
            #expect(all.entries.last?.object.kind == .tombstone)
            #expect(all.entries[1].inlineBytes == pattern(3))
            #expect(try await store.cursors()[store.region] == all.through)
            let nothing = try await store.entries(
                of: store.region, after: all.through, limit: 100)
            #expect(nothing.entries.isEmpty)
            #expect(nothing.through == all.through)
            var position = FeedPosition.start
            var paged: [FeedEntry] = []
            while position != all.through {
                let page = try await store.entries(of: store.region, after: position, limit: 2)
                #expect(page.after == position)
                paged += page.entries
                position = page.through
            }
            #expect(paged == all.entries)
        },
        StoreCase("uploads of a registry and local settings stay out of the feed") { store in
            try await store.makeBucket()
            let before = try await store.cursors()[store.region]
            let key = "docker/registry/v2/repositories/a/_uploads/1/startedat"
            #expect(try await store.put(key, pattern(1)).position == nil)
            let settings = Settings(objects: store, blobs: store)
            try await settings.write(ByteBuffer(string: "{}"), to: "local/x")
            #expect(try await store.cursors()[store.region] == before)
            try await settings.write(ByteBuffer(string: "{}"), to: "shared/x")
            #expect(try await store.cursors()[store.region] != before)
        },
        StoreCase("a position that was never issued is refused") { store in
            try await store.makeBucket()
            let last = try #require(try await store.cursors()[store.region])
            let future = FeedPosition(incarnation: last.incarnation, number: last.number + 1)
            let other = FeedPosition(incarnation: last.incarnation + 1, number: last.number)
            for position in [future, other] {
                await expect(.invalidArgument) {
                    _ = try await store.entries(of: store.region, after: position, limit: 1)
                }
            }
        },
        StoreCase("what comes from elsewhere is pending, and visible once published") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let entry = try foreign.put("a", pattern(20_000))
            try await store.merge(range([entry]))
            #expect(try await store.get("a") == nil)
            #expect(try await store.list(ListRequest(bucket: bucket)).entries.isEmpty)
            let pending = try await store.pending(after: nil, limit: 10)
            #expect(pending.map(\.version) == [entry.object.version])
            await expect(.noSuchBlob) { try await store.publish([reference(entry)]) }
            _ = try await store.keep(store.stage(bytes: pattern(20_000)))
            try await store.publish([reference(entry)])
            #expect(try await store.get("a") == pattern(20_000))
            #expect(try await store.object(named("a"))?.version == entry.object.version)
            #expect(try await store.pending(after: nil, limit: 10).isEmpty)
            try await store.publish([reference(entry)])
        },
        StoreCase("a put that waits gives way to a newer one that waits, when told so") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let first = try foreign.put("a", pattern(20_000))
            let alone = try foreign.put("b", pattern(20_001))
            let second = try foreign.put("a", pattern(20_002))
            let deleted = foreign.entry("b", .tombstone)
            try await store.merge(range([first, alone, second, deleted]))
            for _ in 0..<2 {
                try await store.dropOvertaken([first, alone, second, deleted].map(reference))
                let waiting = try await store.pending(after: nil, limit: 10).map(\.version)
                #expect(waiting == [second, alone, deleted].map(\.object.version))
            }
            let fed = try await store.entries(of: elsewhere, after: .start, limit: 10)
            #expect(
                fed.entries.map(\.object.version)
                    == [alone, second, deleted].map(\.object.version))
            _ = try await store.keep(store.stage(bytes: pattern(20_002)))
            try await store.publish([reference(second)])
            #expect(try await store.get("a") == pattern(20_002))
        },
        StoreCase("small bytes ride along, and only true ones are kept") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let good = try foreign.put("a", pattern(100), inline: true)
            var bad = try foreign.put("b", pattern(101), inline: true)
            bad.inlineBytes = pattern(102)
            try await store.merge(range([good, bad]))
            try await store.publish([reference(good)])
            #expect(try await store.get("a") == pattern(100))
            await expect(.noSuchBlob) { try await store.publish([reference(bad)]) }
        },
        StoreCase("a version that lies about its size is not published") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let entry = try foreign.put("a", pattern(100), inline: true)
            for size in [UInt64.max, 99, 0] {
                guard case .put(var content) = entry.object.kind else { continue }
                content.sizeBytes = size
                let lying = foreign.entry("b\(size)", .put(content), inline: entry.inlineBytes)
                try await store.merge([lying])
                await expect(.sizeMismatch) { try await store.publish([reference(lying)]) }
            }
            try await store.merge([entry])
            try await store.publish([reference(entry)])
            #expect(try await store.list(ListRequest(bucket: bucket)).entries.count == 1)
        },
        StoreCase("ranges continue the cursor; overlap changes nothing, a gap is refused") {
            store in
            try await store.makeBucket()
            var foreign = Foreign()
            let entries = try (1...4).map { try foreign.put("k\($0)", pattern($0), inline: true) }
            try await store.merge(range(Array(entries[0..<2])))
            try await store.merge(range(Array(entries[0..<3])))
            let third = FeedPosition(incarnation: 7, number: 3)
            #expect(try await store.cursors()[elsewhere] == third)
            await expect(.invalidArgument) {
                try await store.merge(range([entries[3]], after: 4))
            }
            try await store.merge(range([entries[3]], after: 3))
            #expect(try await store.pending(after: nil, limit: 10).count == 4)
            let superseded = FeedRange(
                origin: elsewhere, after: FeedPosition(incarnation: 7, number: 4),
                through: FeedPosition(incarnation: 7, number: 9), entries: [])
            try await store.merge(superseded)
            #expect(try await store.cursors()[elsewhere]?.number == 9)
        },
        StoreCase("what was seen of a feed goes beyond its cursor, and is told to its origin") {
            store in
            try await store.makeBucket()
            var foreign = Foreign()
            let entries = try (1...5).map { try foreign.put("k\($0)", pattern($0), inline: true) }
            func place(_ number: UInt64, in incarnation: UInt64 = 7) -> FeedPosition {
                FeedPosition(incarnation: incarnation, number: number)
            }
            var first = range([entries[0]])
            first.head = place(3)
            try await store.merge(first)
            #expect(try await store.cursors()[elsewhere] == place(1))
            #expect(try await store.seen()[elsewhere] == place(3))
            try await store.merge([entries[4]])
            #expect(try await store.cursors()[elsewhere] == place(1))
            #expect(try await store.seen()[elsewhere] == place(5))
            // The number was given again, after a loss: it does not hide what was seen before.
            var again = try foreign.put("again", pattern(6), inline: true)
            again.object.position = place(5, in: 8)
            try await store.merge([again])
            #expect(try await store.seen()[elsewhere] == place(5))
            let all = try await store.known(of: elsewhere, after: .start, limit: 10)
            #expect(all.entries.map(\.object.name.key) == ["k1", "k5", "again"])
            #expect(all.entries.map(\.inlineBytes) == [1, 5, 6].map { pattern($0) })
            var position = FeedPosition.start
            for entry in all.entries {
                let page = try await store.known(of: elsewhere, after: position, limit: 1)
                #expect(page.entries == [entry])
                #expect(page.after == position)
                position = page.through
            }
            #expect(position == place(5, in: 8))
            #expect(try await store.known(of: elsewhere, after: position, limit: 1).entries == [])
            try await store.rewind(elsewhere, to: .start, head: place(9, in: 8))
            #expect(try await store.cursors()[elsewhere] ?? .start == .start)
            #expect(try await store.seen()[elsewhere] == place(9, in: 8))
            let through = try await store.known(of: elsewhere, after: .start, limit: 10).through
            #expect(through == place(9, in: 8))
            let own = try await store.cursors()[store.region]
            #expect(try await store.seen()[store.region]?.number == own?.number)
        },
        StoreCase("an origin of which something came by its name alone has no cursor") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let entry = try foreign.put("k", pattern(1), inline: true)
            try await store.merge([entry])
            #expect(try await store.cursors()[elsewhere] ?? .start == .start)
            #expect(try await store.seen()[elsewhere] == entry.object.position)
            // The same of one of a later start, where all that was seen is known.
            try await store.merge(range([entry]))
            #expect(try await store.cursors()[elsewhere] == entry.object.position)
            var later = try foreign.put("later", pattern(2), inline: true)
            later.object.position = FeedPosition(incarnation: 8, number: 2)
            try await store.merge([later])
            #expect(try await store.cursors()[elsewhere] == entry.object.position)
            #expect(try await store.seen()[elsewhere] == later.object.position)
        },
        StoreCase("the greater version wins, in whatever order they come") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let old = try foreign.put("a", pattern(1), inline: true)
            let new = try foreign.put("a", pattern(2), inline: true)
            try await store.merge([new])
            try await store.publish([reference(new)])
            try await store.merge([old])
            try await store.publish([reference(old)])
            #expect(try await store.get("a") == pattern(2))
            let gone = foreign.entry("a", .tombstone)
            try await store.merge([gone])
            #expect(try await store.get("a") == pattern(2))
            try await store.publish([reference(gone)])
            #expect(try await store.get("a") == nil)
            try await store.merge([old, new])
            try await store.publish([reference(new)])
            #expect(try await store.get("a") == nil)
        },
        StoreCase("a purged version never comes back") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let entry = try foreign.put("a", pattern(1), inline: true)
            try await store.merge([entry])
            try await store.publish([reference(entry)])
            try await store.merge([foreign.entry("a", .purge(entry.object.version))])
            #expect(try await store.get("a") == nil)
            try await store.merge([entry])
            try await store.publish([reference(entry)])
            #expect(try await store.get("a") == nil)
        },
        StoreCase("looking a thing up takes it out of quarantine, for good and for all") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            foreign.stamp = HybridTimestamp(milliseconds: 1000)
            let content = ObjectContent(
                blob: try blobID(pattern(9)), sizeBytes: 9, lastModifiedMilliseconds: 5, etag: "e",
                quarantinedMilliseconds: 1000)
            let entry = foreign.entry("a", .put(content), inline: pattern(9))
            // As a collection removes it, which has judged that very version.
            let removed = foreign.entry("a", .tombstone)
            try await store.merge([entry])
            try await store.publish([reference(entry)])
            let name = named("a")
            let list = try await store.list(ListRequest(bucket: bucket))
            let before = try await store.registers(of: [name])[0].visible
            #expect(list.entries.count == 1)
            #expect(before?.version == entry.object.version)
            #expect(before?.content?.quarantinedMilliseconds == 1000)
            let looked = try #require(try await store.object(name))
            #expect(looked.content?.quarantinedMilliseconds == nil)
            #expect(looked.content?.lastModifiedMilliseconds == 5)
            #expect(looked.version > removed.object.version)
            #expect(looked.version.region == store.region && looked.position != nil)
            #expect(try await store.object(name) == looked)
            try await store.merge([removed])
            try await store.publish([reference(removed)])
            #expect(try await store.object(name) == looked)
            #expect(try await store.get("a") == pattern(9))
        },
        StoreCase("a local write is stamped above everything known, pending included") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let entry = try foreign.put("a", pattern(20_000))
            try await store.merge([entry])
            let local = try await store.put("a", pattern(5))
            #expect(local.version > entry.object.version)
            #expect(try await store.get("a") == pattern(5))
            #expect(try await store.pending(after: nil, limit: 10).isEmpty)
        },
        StoreCase("registers tell every version, by name and by range of names") { store in
            try await store.makeBucket()
            var foreign = Foreign()
            let local = try await store.put("b", pattern(1))
            let entry = try foreign.put("b", pattern(20_000))
            try await store.merge([entry, try foreign.put("c", pattern(2))])
            let registers = try await store.registers(of: [named("b"), named("x")])
            #expect(
                registers[0].versions.map(\.version) == [entry.object.version, local.version])
            #expect(registers[0].visible?.version == local.version)
            #expect(registers[1] == ObjectRegister())
            let page = try await store.registers(in: bucket, after: nil, limit: 10)
            #expect(page.map(\.name.key) == ["b", "c"])
            let rest = try await store.registers(in: bucket, after: "b", limit: 10)
            #expect(rest.map(\.name.key) == ["c"])
        },
        StoreCase("names are found by the blob that a version of them has") { store in
            try await store.makeBucket()
            let bytes = pattern(100)
            let blob = try blobID(bytes)
            for key in ["b", "a\u{0}x", "a"] { try await store.put(key, bytes) }
            try await store.put("b", pattern(3))
            try await store.put("b", bytes)
            try await store.put("d", pattern(3))
            var foreign = Foreign()
            try await store.merge([try foreign.put("c", bytes)])
            let found = try await store.names(of: blob, in: bucket, limit: 10)
            #expect(found == [named("a"), named("a\u{0}x"), named("b"), named("c")])
            #expect(try await store.names(of: blob, in: bucket, limit: 2) == Array(found.prefix(2)))
            #expect(try await store.names(of: blob, in: "other", limit: 2).isEmpty)
            #expect(try await store.names(of: blobID(pattern(4)), in: bucket, limit: 2).isEmpty)
        },
        StoreCase("a change wakes who waits for it") { store in
            try await store.makeBucket()
            let cursors = try await store.cursors()
            await store.waitForChange(after: [store.region: .start], timeout: .seconds(60))
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await store.waitForChange(after: cursors, timeout: .seconds(60)) }
                group.addTask { _ = try? await store.put("a", pattern(1)) }
            }
            #expect(try await store.get("a") == pattern(1))
            let now = try await store.cursors()
            await store.waitForChange(after: now, timeout: .milliseconds(1))
        },
    ]
}

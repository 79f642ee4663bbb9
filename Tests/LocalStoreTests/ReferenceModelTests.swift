// The store in memory is the specification: the same random operations go to both, every answer is
// compared, and now and then the local store is stopped, killed, loses power or its index.

import NIOCore
import RegistryLayout
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

@Suite("Compared with the reference model")
struct ReferenceModelTests {
    @Test(
        "every answer is the same, with crashes in between", arguments: 1...8 as ClosedRange<UInt64>
    )
    func compared(seed: UInt64) async throws {
        var model = try await Comparison(seed: seed)
        for step in 0..<600 {
            try await model.step("seed \(seed), step \(step)")
        }
        try await model.finish()
    }
}

/// What an operation answered, without what two regions cannot have in common.
private enum Answer: Equatable {
    case done(String)
    case refused(StorageError.Code)
}

private struct Comparison {
    private var random: SplitMix64
    private let region = SimulatedRegion()
    private var local: DurableStore
    private let model: MemoryStore
    private var uploads: [(local: Upload, model: Upload)] = []
    private var foreign = ForeignRegion()

    private static let bucket = "images"
    private static let keys: [ObjectKey] = [
        "a", "a/", "a/b", "a/b/c", "a/bb", "a0", "b", "b/x/y/z", "\u{0}", "a/\u{0}/b", "z",
        "docker/registry/v2/repositories/r/_uploads/1/data", Self.tag, Self.tag,
        ObjectKey(
            "docker/registry/v2/repositories/r/_layers/sha256/\(String(repeating: "ab", count: 32))/link"
        ),
    ]
    private static let tag: ObjectKey =
        "docker/registry/v2/repositories/r/_manifests/tags/t/current/link"

    init(seed: UInt64) async throws {
        random = SplitMix64(state: seed)
        local = try await region.open()
        model = MemoryStore(
            region: local.region, incarnation: local.incarnation, clock: region.clock,
            isRegionLocal: KeyRules.isRegionLocal, historyRole: KeyRules.historyRole)
        try await Buckets(objects: local, blobs: local).create(Self.bucket)
        try await Buckets(objects: model, blobs: model).create(Self.bucket)
    }

    func finish() async throws { try await local.close() }

    mutating func step(_ context: String) async throws {
        if below(3) == 0 { region.clock.advance(milliseconds: Int64(below(5))) }
        switch below(115) {
        case 0..<35: try await put(context)
        case 35..<45: try await delete(context)
        case 45..<55: try await link(context)
        case 55..<75: try await list(context)
        case 75..<85: try await multipart(context)
        case 85..<93: try await merge(context)
        case 93..<96: try await registers(context)
        case 96: try await history(context)
        case 100..<103: try await versioning(context)
        case 103..<106: try await purge(context)
        case 106..<109: try await amend(context)
        case 109..<115: try await listVersions(context)
        default: try await restart(context)
        }
    }

    // MARK: Operations

    private mutating func put(_ context: String) async throws {
        let name = name()
        let bytes = pattern(below(4) == 0 ? 20_000 + below(3) : below(4), seed: UInt64(below(3)))
        let conditions = conditions()
        try await compare("\(context): put \(name)") { store in
            let staged = try await store.stage(bytes: bytes)
            let content = ObjectContent(
                blob: try #require(staged.blob), sizeBytes: staged.sizeBytes,
                lastModifiedMilliseconds: 0, etag: Hexadecimal.encode(try #require(staged.md5)))
            return Self.say(
                try await store.commit(.put(name, content, staged, conditions)))
        }
    }

    private mutating func delete(_ context: String) async throws {
        let name = name()
        let conditions = conditions()
        try await compare("\(context): delete \(name)") { store in
            Self.say(try await store.commit(.delete(name, conditions)))
        }
    }

    private mutating func link(_ context: String) async throws {
        let (source, target) = (name(), name())
        try await compare("\(context): link \(source) to \(target)") { store in
            guard let content = try await store.object(source)?.content else { return "nothing" }
            return Self.say(try await store.commit(.link(target, content, .none)))
        }
    }

    private mutating func list(_ context: String) async throws {
        let request = ListRequest(
            bucket: below(20) == 0 ? "absent" : Self.bucket,
            prefix: ["", "a", "a/", "a/b", "x"][below(5)],
            delimiter: below(2) == 0 ? Array("/".utf8) : nil,
            after: below(2) == 0 ? Self.keys[below(Self.keys.count)] : nil, limit: below(6))
        try await compare("\(context): list \(request)") { store in
            let page = try await store.list(request)
            let entries = page.entries.map { entry in
                switch entry {
                case .object(let version): Self.say(version)
                case .commonPrefix(let prefix): "\(prefix)…"
                }
            }
            return "\(entries) \(page.isTruncated)"
        }
        let figures = (try await local.figures(), try await model.figures())
        #expect(figures.0.objects == figures.1.objects, "\(context): objects")
        #expect(figures.0.logicalBytes == figures.1.logicalBytes, "\(context): bytes")
        #expect(figures.0.uploads == figures.1.uploads, "\(context): uploads")
    }

    private mutating func multipart(_ context: String) async throws {
        guard let pair = uploads.randomElement(using: &random), below(4) > 0 else {
            let name = ObjectName(bucket: Self.bucket, key: Self.keys[below(Self.keys.count)])
            let upload = Upload(
                id: UploadID(""), name: name, initiatedMilliseconds: 0,
                tags: [MetadataField(name: "t", value: "\(below(9))")])
            uploads.append((try await local.create(upload), try await model.create(upload)))
            return
        }
        let ids = [ObjectIdentifier(local): pair.local.id, ObjectIdentifier(model): pair.model.id]
        let name = pair.local.name
        let number = 1 + below(4)
        let kind = below(10)
        let source = self.name()
        let bytes = pattern(kind < 3 ? 30_000 : 5, seed: UInt64(kind))
        let subset = Set((1...4).filter { _ in below(3) > 0 })
        try await compare("\(context): upload of \(name), \(kind)") { store in
            guard let id = ids[ObjectIdentifier(store)] else { return "?" }
            switch kind {
            case 0..<5:
                let staged = try await store.stage(
                    bytes: bytes, plan: HashPlan(sha256: false, md5: true))
                return "\(try await store.putPart(id, of: name, number: number, staged: staged))"
            case 5..<7:
                guard let content = try await store.object(source)?.content else { return "none" }
                let range = content.sizeBytes / 3..<content.sizeBytes
                return
                    "\(try await store.copyPart(id, of: name, number: number, blob: content.blob, range: range))"
            case 7:
                try await store.abort(id, of: name)
                return "aborted"
            default:
                let parts = try await store.parts(of: id, name, after: 0, limit: 10).parts
                let named = parts.filter { subset.contains($0.number) }
                let completion = Completion(
                    parts: named.map { CompletedPart(number: $0.number, etag: $0.etag) },
                    leastPartBytes: 1)
                return Self.say(try await store.complete(id, of: name, completion))
            }
        }
    }

    private mutating func merge(_ context: String) async throws {
        let entry = foreign.entry(
            name(), kind: below(4), bytes: pattern(below(40), seed: 9), clock: region.clock)
        try await compare("\(context): merge \(entry.object.name)") { store in
            try await store.merge([entry])
            let pending = try await store.pending(after: nil, limit: 100)
            return
                "\(pending.map { "\($0.name) \($0.version.region == entry.object.version.region)" })"
        }
        guard below(2) == 0 else { return }
        try await compare("\(context): publish \(entry.object.name)") { store in
            try await store.publish([entry.object.reference])
            return "published"
        }
    }

    private mutating func registers(_ context: String) async throws {
        let limit = 1 + below(20)
        let after = below(2) == 0 ? Self.keys[below(Self.keys.count)] : nil
        try await compare("\(context): registers") { store in
            try await store.registers(in: Self.bucket, after: after, limit: limit).filter {
                // The model remembers that a name that stays in its region was deleted.
                !KeyRules.isRegionLocal($0.name)
            }.map {
                "\($0.name): \($0.register.versions.map(Self.say)) \($0.register.purges.count)"
            }
            .prefix(limit - 1).joined()
        }
    }

    private mutating func history(_ context: String) async throws {
        let retention = HistoryRetention(
            tagLinksMilliseconds: Int64(below(3)) * 86_400_000,
            othersMilliseconds: Int64(below(2)) * 86_400_000)
        let changesSetting = below(4) == 0
        let limit = below(3) * 3
        let now = below(3) == 0 ? Int64.max : region.clock.milliseconds()
        try await compare("\(context): history") { store in
            let buckets = Buckets(objects: store, blobs: store)
            if changesSetting { try await buckets.setRetention(retention, of: Self.bucket) }
            let page = try await store.versions(
                of: ObjectName(bucket: Self.bucket, key: Self.tag), before: nil, limit: 5)
            let expired = try await store.expireHistory(nowMilliseconds: now, limit: limit)
            let left = try await store.history(after: nil, limit: 1000).map(\.reference.name)
            return
                "\(page.versions.map(Self.say)) \(page.isTruncated) \(expired) \(left.sorted())"
        }
    }

    private mutating func versioning(_ context: String) async throws {
        let setting: BucketVersioning = below(3) == 0 ? .suspended : .enabled
        try await compare("\(context): versioning \(setting)") { store in
            try await Buckets(objects: store, blobs: store).set(
                .versioning, to: ByteBuffer(string: setting.document), of: Self.bucket)
            return ""
        }
    }

    private mutating func purge(_ context: String) async throws {
        let name = name()
        let place = below(3)
        try await compare("\(context): purge \(name)") { store in
            let listed = try await store.registers(of: [name])[0].listed
            let id = listed.dropFirst(place).first?.versionID ?? .null
            return Self.say(try await store.commit(.purge(name, id, .none)))
        }
    }

    private mutating func amend(_ context: String) async throws {
        let name = name()
        let place = below(3)
        let tags = [MetadataField(name: "t", value: "\(below(100))")]
        try await compare("\(context): amend \(name)") { store in
            let listed = try await store.registers(of: [name])[0].listed
            guard let version = listed.dropFirst(place).first, var content = version.content else {
                return "nothing"
            }
            content.tags = tags
            return Self.say(try await store.commit(.amend(name, content, version.version)))
        }
    }

    private mutating func listVersions(_ context: String) async throws {
        let delimiter = below(2) == 0 ? Array("/".utf8) : nil
        let limit = 1 + below(8)
        let prefix: ObjectKey = below(3) == 0 ? "a" : ""
        let null = name()
        try await compare("\(context): versions") { store in
            var request = VersionListRequest(
                bucket: Self.bucket, prefix: prefix, delimiter: delimiter, limit: limit)
            var lines: [String] = []
            var page: VersionListPage
            repeat {
                page = try await store.list(request)
                lines += page.entries.map { entry in
                    guard case .version(let version, let isLatest) = entry else {
                        return "\(entry.key)"
                    }
                    return "\(Self.say(version)) \(isLatest)"
                }
                request.after = page.entries.last?.marker
            } while page.isTruncated
            lines.append(Self.say(try await store.version(of: null, id: .null)))
            lines.append(Self.say(try await store.version(of: null, id: nil)))
            return lines.joined(separator: "\n")
        }
    }

    private mutating func restart(_ context: String) async throws {
        let old = local
        switch below(4) {
        case 0:
            try await old.close()
        case 1:
            region.kill()
            try await old.close()
        case 2:
            region.losePower(.everything)
            try await old.close()
        default:
            try await old.close()
            region.dropIndex()
        }
        local = try await region.open()
        #expect(local.region == old.region, "\(context)")
        #expect(local.incarnation > old.incarnation, "\(context)")
    }

    // MARK: Comparing

    private func compare(
        _ context: String,
        _ body: (any WholeStore & AnyObject) async throws ->
            String
    ) async throws {
        let answers = (try await answer(body, local), try await answer(body, model))
        #expect(answers.0 == answers.1, "\(context)")
    }

    private func answer(
        _ body: (any WholeStore & AnyObject) async throws ->
            String,
        _ store: any WholeStore & AnyObject
    ) async throws -> Answer {
        do {
            return .done(try await body(store))
        } catch let error as StorageError {
            return .refused(error.code)
        }
    }

    private static func say(_ version: ObjectVersion?) -> String {
        guard let version else { return "nothing" }
        return
            "\(version.name) \(version.kind) \(version.state) \(version.position != nil) \(version.isHistory)"
            + " \(version.versionID.stamp != nil)"
    }

    // MARK: Chance

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    private mutating func name() -> ObjectName {
        ObjectName(
            bucket: below(30) == 0 ? "absent" : Self.bucket, key: Self.keys[below(Self.keys.count)])
    }

    private mutating func conditions() -> Preconditions {
        switch below(8) {
        case 0: Preconditions(ifNoneMatch: .any)
        case 1: Preconditions(ifMatch: .any)
        case 2: Preconditions(ifMatch: .list(["d41d8cd98f00b204e9800998ecf8427e"]))
        default: .none
        }
    }
}

/// Another region's writes.
private struct ForeignRegion {
    private let region = RegionID(0xfeed)
    private var number: UInt64 = 0
    private var last: [ObjectName: ObjectVersion] = [:]

    mutating func entry(
        _ name: ObjectName, kind: Int, bytes: ByteBuffer, clock: TestClock
    ) -> FeedEntry {
        number += 1
        let stamp = HybridTimestamp(
            milliseconds: UInt64(clock.milliseconds() + 2), counter: UInt16(number & 0xffff))
        let version = Version(stamp: stamp, region: region)
        let body = HashedBody(bytes, plan: HashPlan())
        var object = ObjectVersion(
            name: name, version: version,
            position: FeedPosition(incarnation: 1, number: number), kind: .tombstone,
            state: .published)
        if number.isMultiple(of: 3), !KeyRules.isRegionLocal(name) {
            object.versionID = .stamp(version)
        }
        if kind == 1, let target = last[name] {
            object.kind = target.purge.kind
            object.versionID = target.purge.id
        } else if kind > 1, let blob = body.blob {
            object.kind = .put(
                ObjectContent(
                    blob: blob, sizeBytes: body.sizeBytes, lastModifiedMilliseconds: 7, etag: "f"))
        }
        last[name] = object
        return FeedEntry(object: object, inlineBytes: kind > 2 ? bytes : nil)
    }
}

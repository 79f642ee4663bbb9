import Storage
import Testing

/// Versions of one name drawn from a small space, so that equal ones and purges of each other occur.
private func randomRegister(_ random: inout some RandomNumberGenerator) -> ObjectRegister {
    var register = ObjectRegister()
    for _ in 0..<Int.random(in: 0...6, using: &random) {
        register.insert(randomVersion(&random))
    }
    return register
}

private func randomVersion(_ random: inout some RandomNumberGenerator) -> ObjectVersion {
    let version = Version(
        stamp: HybridTimestamp(rawValue: .random(in: 1...7, using: &random)),
        region: RegionID(.random(in: 1...2, using: &random)))
    // What one version says is the same wherever it is met; only its state differs.
    let isPurge = version.stamp.rawValue > 5
    let target = Version(
        stamp: HybridTimestamp(rawValue: version.region.value + 1), region: RegionID(1))
    let first = Version(stamp: HybridTimestamp(rawValue: 3), region: RegionID(1))
    let id: VersionID =
        switch version.stamp.rawValue {
        case 3: .stamp(version)
        case 4: .stamp(first)
        case 6: .null
        case 7: .stamp(first)
        default: .unversioned
        }
    return ObjectVersion(
        name: ObjectName(bucket: "b", key: "k"), version: version, position: nil,
        kind: isPurge ? .purge(target) : .tombstone,
        state: Bool.random(using: &random) ? .pending : .published, versionID: id,
        keptUntilMilliseconds: [nil, nil, 7, 9].randomElement(using: &random) ?? nil)
}

private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}

@Suite("The register of a name")
struct ObjectRegisterTests {
    private func merged(_ left: ObjectRegister, _ right: ObjectRegister) -> ObjectRegister {
        var result = left
        result.merge(right)
        return result
    }

    @Test("merging is commutative, associative and idempotent", arguments: 0..<500)
    func laws(seed: Int) {
        var random = Seeded(state: UInt64(seed))
        let (a, b) = (randomRegister(&random), randomRegister(&random))
        let c = randomRegister(&random)
        #expect(merged(a, b) == merged(b, a))
        #expect(merged(merged(a, b), c) == merged(a, merged(b, c)))
        #expect(merged(a, a) == a)
        #expect(merged(merged(a, b), b) == merged(a, b))
    }

    @Test("the newest published version shows, unless it is a tombstone; newer ones are pending")
    func visibility() {
        func version(_ stamp: UInt64, _ state: ObjectVersion.State, put: Bool) -> ObjectVersion {
            let blob = BlobID(bytes: [UInt8](repeating: 0, count: 32))
            let content = blob.map {
                ObjectContent(blob: $0, sizeBytes: 0, lastModifiedMilliseconds: 1, etag: "")
            }
            let kind = put ? content.map(ObjectVersion.Kind.put) ?? .tombstone : .tombstone
            return ObjectVersion(
                name: ObjectName(bucket: "b", key: "k"),
                version: Version(stamp: HybridTimestamp(rawValue: stamp), region: RegionID(1)),
                position: nil, kind: kind, state: state)
        }
        var register = ObjectRegister()
        register.insert(version(1, .published, put: true))
        register.insert(version(3, .pending, put: true))
        #expect(register.visible?.version.stamp.rawValue == 1)
        #expect(register.pending.map(\.version.stamp.rawValue) == [3])
        #expect(register.greatestStamp?.rawValue == 3)
        register.insert(version(2, .published, put: false))
        #expect(register.visible == nil)
        register.insert(version(3, .published, put: true))
        #expect(register.visible?.version.stamp.rawValue == 3)
        #expect(register.dropSuperseded().map(\.version.stamp.rawValue) == [2, 1])
    }

    @Test(
        "with history, in whatever order versions come, the same one shows and all others are kept",
        arguments: 0..<200)
    func history(seed: Int) {
        var random = Seeded(state: UInt64(seed))
        let versions = (0..<6).map { _ in randomVersion(&random) }.map { version in
            var fresh = version
            fresh.keptUntilMilliseconds = nil
            fresh.state = .published
            fresh.versionID = .unversioned
            if case .purge = fresh.kind { fresh.kind = .tombstone }
            return fresh
        }
        let rule = HistoryRule(retention: HistoryRetention(), role: .tagLink, nowMilliseconds: 0)
        var first = ObjectRegister()
        for version in versions { _ = first.take(version) { rule } }
        for _ in 0..<5 {
            var other = ObjectRegister()
            for version in versions.shuffled(using: &random) {
                let before = other
                let kept = other.take(version) { rule }
                // What became history is told, once.
                #expect(Set(kept) == Set(other.history).subtracting(before.history))
                #expect(other.take(version) { rule }.isEmpty)
            }
            #expect(other.published == first.published)
            #expect(other.versions.map(\.version) == first.versions.map(\.version))
            #expect(merged(other, first) == merged(first, other))
            #expect(merged(other, first).published == first.published)
            #expect(other.versions.count(where: { !$0.isHistory }) == 1)
        }
    }

    @Test(
        "in whatever order versions come, the same are left: of each id the last, but for what was purged",
        arguments: 0..<300)
    func ids(seed: Int) {
        var random = Seeded(state: UInt64(seed))
        let versions = (0..<8).map { _ in randomVersion(&random) }.map { version in
            var fresh = version
            fresh.keptUntilMilliseconds = nil
            fresh.state = .published
            return fresh
        }
        let rule = HistoryRule(retention: HistoryRetention(), role: .other, nowMilliseconds: 0)
        var first = ObjectRegister()
        for version in versions { _ = first.take(version) { rule } }
        for _ in 0..<5 {
            var other = ObjectRegister()
            for version in versions.shuffled(using: &random) {
                _ = other.take(version) { rule }
            }
            #expect(other == first)
        }
        let ids = first.versions.map(\.versionID.stamp)
        #expect(Set(ids).count == ids.count)
        for version in first.versions {
            #expect(!first.purges.contains { $0.purges(version) })
        }
        let orders = first.versions.map(\.order)
        #expect(orders == orders.sorted(by: >))
    }

    @Test("history counts from when it stopped showing, and never twice for what never showed")
    func lengths() {
        func version(_ milliseconds: UInt64, put: Bool = true) -> ObjectVersion {
            let blob = BlobID(bytes: [UInt8](repeating: 0, count: 32))
            let content = blob.map {
                ObjectContent(blob: $0, sizeBytes: 0, lastModifiedMilliseconds: 1, etag: "")
            }
            return ObjectVersion(
                name: ObjectName(bucket: "b", key: "k"),
                version: Version(
                    stamp: HybridTimestamp(milliseconds: milliseconds), region: RegionID(1)),
                position: nil, kind: put ? content.map { .put($0) } ?? .tombstone : .tombstone,
                state: .published)
        }
        let retention = HistoryRetention(tagLinksMilliseconds: 100, othersMilliseconds: 10)
        func until(
            _ role: HistoryRole, _ newer: ObjectVersion, now: Int64, wasShown: Bool = true
        ) -> Int64? {
            HistoryRule(retention: retention, role: role, nowMilliseconds: now)
                .keptUntil(version(1), supersededBy: newer, wasShown: wasShown)
        }
        #expect(until(.tagLink, version(50), now: 70) == 170)
        #expect(until(.tagLink, version(50), now: 40) == 150)
        #expect(until(.tagLink, version(50), now: 70, wasShown: false) == 150)
        #expect(until(.tagLink, version(50), now: 150, wasShown: false) == nil)
        #expect(until(.other, version(50), now: 70) == 80)
        #expect(until(.closure, version(50), now: 70) == 80)
        #expect(until(.closure, version(50, put: false), now: 70) == 170)
        #expect(until(.none, version(50), now: 70) == nil)
    }
}

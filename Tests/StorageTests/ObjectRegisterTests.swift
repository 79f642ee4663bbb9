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
        stamp: HybridTimestamp(rawValue: .random(in: 1...5, using: &random)),
        region: RegionID(.random(in: 1...2, using: &random)))
    // What one version says is the same wherever it is met; only its state differs.
    let isPurge = version.stamp.rawValue == 5
    let target = Version(
        stamp: HybridTimestamp(rawValue: version.region.value + 1), region: RegionID(1))
    return ObjectVersion(
        name: ObjectName(bucket: "b", key: "k"), version: version, position: nil,
        kind: isPurge ? .purge(target) : .tombstone,
        state: Bool.random(using: &random) ? .pending : .published)
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
        register.publish(version(3, .pending, put: true).version)
        #expect(register.visible?.version.stamp.rawValue == 3)
        #expect(register.dropSuperseded(keeping: 1).map(\.version.stamp.rawValue) == [1])
        #expect(register.dropSuperseded().map(\.version.stamp.rawValue) == [2])
    }
}

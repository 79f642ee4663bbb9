import Access
import Checksums
import NIOCore
import Storage
import Synchronization
import Testing

/// Time that a test sets.
final class SetClock: WallClock {
    let now = Mutex<Int64>(1_800_000_000_000)

    func milliseconds() -> Int64 { now.withLock { $0 } }
}

/// A store, and the keys of a region over it.
private struct KeyFixture {
    let clock = SetClock()
    let store: MemoryStore
    let seals: SecretSeals
    let keys: AccessKeys
    let valid: StoredCredentials
    let reports = Reports()

    final class Reports: Sendable {
        let all = Mutex<[String]>([])
    }

    init(over store: MemoryStore? = nil, seals: SecretSeals = .of("one")) {
        let store =
            store
            ?? MemoryStore(region: RegionID(1), clock: clock) { $0.key.hasPrefix("local/") }
        self.store = store
        self.seals = seals
        keys = AccessKeys(objects: store, blobs: store, seals: seals, clock: clock)
        valid = StoredCredentials(
            root: RootCredentials(accessKey: "root", secret: "secret"), objects: store,
            blobs: store, seals: seals, clock: clock
        ) { [reports] accessKey, reason in
            reports.all.withLock { $0.append("\(accessKey): \(reason)") }
        }
    }

    func create(_ limits: KeyLimits = KeyLimits(), expires: Int64? = nil) async throws -> NewKey {
        try await keys.create(name: "ci", limits: limits, expiresMilliseconds: expires)
    }

    func document(_ key: NewKey) async throws -> String {
        let settings = Settings(objects: store, blobs: store)
        return String(
            buffer: try #require(try await settings.read(AccessKeys.prefix + key.accessKey)))
    }
}

extension SecretSeals {
    fileprivate static func of(_ text: String) -> SecretSeals {
        SecretSeals(current: .shared(byPeerKey: Array(text.utf8)))
    }
}

@Suite("Keys that are stored")
struct AccessKeysTests {
    @Test("a key that is made is valid with its limits, and its secret is nowhere in clear")
    func create() async throws {
        let fixture = KeyFixture()
        let limits = KeyLimits(rights: [.read], buckets: ["b"], prefixes: ["p/"])
        let key = try await fixture.create(limits)
        #expect(AccessKeys.isAccessKey(key.accessKey) && key.secret.utf8.count == 40)
        let credential = try #require(try await fixture.valid.credential(for: key.accessKey))
        #expect(credential.secret == key.secret && credential.formerSecrets.isEmpty)
        #expect(credential.principal.name == "ci (\(key.accessKey))")
        #expect(credential.principal.policy == .limited(limits))
        #expect(try await !fixture.document(key).contains(key.secret))
        let listed = try #require(try await fixture.keys.list().first)
        #expect(listed.accessKey == key.accessKey && listed.state == .active)
        #expect(listed.record?.limits == limits)
        #expect(try await fixture.valid.credential(for: "root")?.principal == .root)
        #expect(try await fixture.valid.credential(for: "unknown") == nil)
        #expect(try await fixture.valid.credential(for: "../../shared/bucket/b") == nil)
    }

    @Test("a secret that is rotated is valid for its grace")
    func rotate() async throws {
        let fixture = KeyFixture()
        let first = try await fixture.create()
        let second = try await fixture.keys.rotate(first.accessKey, graceMilliseconds: 1000)
        var credential = try await fixture.valid.credential(for: first.accessKey)
        #expect(credential?.secret == second.secret)
        #expect(credential?.formerSecrets == [first.secret])
        fixture.clock.now.withLock { $0 += 1000 }
        credential = try await fixture.valid.credential(for: first.accessKey)
        #expect(credential?.secret == second.secret && credential?.formerSecrets == [])
        let third = try await fixture.keys.rotate(first.accessKey, graceMilliseconds: 0)
        credential = try await fixture.valid.credential(for: first.accessKey)
        #expect(credential?.secret == third.secret && credential?.formerSecrets == [])
    }

    @Test("a rotation keeps what was promised of the secrets before it, unless it gives no grace")
    func rotateAgain() async throws {
        let fixture = KeyFixture()
        let first = try await fixture.create()
        let key = first.accessKey
        let second = try await fixture.keys.rotate(key, graceMilliseconds: 5000)
        let third = try await fixture.keys.rotate(key, graceMilliseconds: 1000)
        var credential = try await fixture.valid.credential(for: key)
        #expect(credential?.secret == third.secret)
        #expect(credential?.formerSecrets == [second.secret, first.secret])
        fixture.clock.now.withLock { $0 += 1000 }
        credential = try await fixture.valid.credential(for: key)
        #expect(credential?.formerSecrets == [first.secret])
        // The one that is promised the longest stays, whatever comes behind it.
        let promised = try await fixture.keys.rotate(key, graceMilliseconds: 1)
        _ = try await fixture.keys.rotate(key, graceMilliseconds: 9000)
        for _ in 0..<20 { _ = try await fixture.keys.rotate(key, graceMilliseconds: 5000) }
        credential = try await fixture.valid.credential(for: key)
        #expect(credential?.formerSecrets.count == AccessKeys.mostSecrets - 1)
        #expect(credential?.formerSecrets.contains(promised.secret) == true)
        let listed = try #require(try await fixture.keys.list().first?.record)
        #expect(listed.formerUntilMilliseconds == fixture.clock.milliseconds() + 9000)
        let last = try await fixture.keys.rotate(key, graceMilliseconds: 0)
        credential = try await fixture.valid.credential(for: key)
        #expect(credential?.secret == last.secret && credential?.formerSecrets == [])
    }

    @Test("a key that has expired is not rotated, and no secret outlives its key")
    func rotateExpired() async throws {
        let fixture = KeyFixture()
        let end = fixture.clock.milliseconds() + 10
        let key = try await fixture.create(expires: end)
        let rotated = try await fixture.keys.rotate(key.accessKey, graceMilliseconds: 5000)
        #expect(rotated.record.secrets.last?.untilMilliseconds == end)
        fixture.clock.now.withLock { $0 += 10 }
        await #expect {
            try await fixture.keys.rotate(key.accessKey, graceMilliseconds: 5000)
        } throws: {
            ($0 as? StorageError)?.code == .invalidArgument
        }
    }

    @Test("a key's time runs out")
    func expires() async throws {
        let fixture = KeyFixture()
        let key = try await fixture.create(expires: fixture.clock.milliseconds() + 10)
        #expect(try await fixture.valid.credential(for: key.accessKey) != nil)
        fixture.clock.now.withLock { $0 += 10 }
        #expect(try await fixture.valid.credential(for: key.accessKey) == nil)
        #expect(try await fixture.keys.list().map(\.state) == [.expired])
    }

    @Test("a revoked key stays so, whatever is written of it")
    func revoke() async throws {
        let fixture = KeyFixture()
        let key = try await fixture.create()
        #expect(try await fixture.keys.revoke(key.accessKey))
        #expect(try await fixture.valid.credential(for: key.accessKey) == nil)
        #expect(try await !fixture.keys.revoke(key.accessKey))
        // As a region that did not know of it would have written, later.
        try await Settings(objects: fixture.store, blobs: fixture.store).write(
            try key.record.encode(), to: AccessKeys.prefix + key.accessKey)
        #expect(try await fixture.valid.credential(for: key.accessKey) == nil)
        #expect(try await fixture.keys.list().map(\.state) == [.revoked])
        await #expect(throws: StorageError.self) {
            try await fixture.keys.rotate(key.accessKey, graceMilliseconds: 0)
        }
        for unknown in ["HFKAAAAAAAAAAAAAAAAA", "x", ""] {
            await #expect(throws: StorageError.self) { try await fixture.keys.revoke(unknown) }
        }
    }

    @Test("a key that cannot be opened here is listed so, told of once, and refused")
    func foreign() async throws {
        let there = KeyFixture()
        let key = try await there.create()
        let here = KeyFixture(over: there.store, seals: .of("another"))
        for _ in 0..<3 {
            #expect(try await here.valid.credential(for: key.accessKey) == nil)
        }
        #expect(here.reports.all.withLock { $0.count } == 1)
        let listed = try #require(try await here.keys.list().first)
        #expect(listed.state == .unreadable && listed.record != nil)
        #expect(listed.reason?.contains("does not have") == true)
        #expect(try await here.keys.reseal() == 0)
        // It can be ended, and given a secret that can be opened.
        let rotated = try await here.keys.rotate(key.accessKey, graceMilliseconds: 1000)
        #expect(
            try await here.valid.credential(for: key.accessKey)?.secret == rotated.secret)
        #expect(
            try await there.valid.credential(for: key.accessKey) == nil)
    }

    @Test(
        "a document that is none is listed so and refused",
        arguments: ["", "{}", "{\"format\":1}", "colour"])
    func malformed(text: String) async throws {
        let fixture = KeyFixture()
        let key = try await fixture.create()
        let whole = try await fixture.document(key)
        let bytes =
            text == "colour"
            ? whole.replacing("\"format\"", with: "\"colour\":1,\"format\"") : text
        try await Settings(objects: fixture.store, blobs: fixture.store).write(
            ByteBuffer(string: bytes), to: AccessKeys.prefix + key.accessKey)
        #expect(try await fixture.valid.credential(for: key.accessKey) == nil)
        let listed = try #require(try await fixture.keys.list().first)
        #expect(listed.state == .unreadable && listed.record == nil)
        #expect(fixture.reports.all.withLock { $0.count } == 1)
    }

    @Test("a sealed secret does not open in another key's document")
    func swapped() async throws {
        let fixture = KeyFixture()
        let first = try await fixture.create()
        let second = try await fixture.create()
        try await Settings(objects: fixture.store, blobs: fixture.store).write(
            try second.record.encode(), to: AccessKeys.prefix + first.accessKey)
        #expect(try await fixture.valid.credential(for: first.accessKey) == nil)
        #expect(fixture.reports.all.withLock { $0.first?.contains("seal") } == true)
    }

    @Test("what the region's own key sealed is sealed anew under one that is shared")
    func reseal() async throws {
        let own = SealKey.random()
        let alone = KeyFixture(seals: SecretSeals(current: own))
        let key = try await alone.create()
        let rotated = try await alone.keys.rotate(key.accessKey, graceMilliseconds: 5000)
        let shared = SealKey.shared(byPeerKey: Array("shared".utf8))
        let joined = KeyFixture(
            over: alone.store, seals: SecretSeals(current: shared, former: [own]))
        #expect(try await joined.keys.reseal() == 1)
        #expect(try await joined.keys.reseal() == 0)
        let elsewhere = KeyFixture(over: alone.store, seals: SecretSeals(current: shared))
        let credential = try await elsewhere.valid.credential(for: key.accessKey)
        #expect(credential?.secret == rotated.secret)
        #expect(credential?.formerSecrets == [key.secret])
    }
}

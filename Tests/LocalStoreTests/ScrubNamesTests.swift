// A scrub's page of names is older than what is looked up for it.

import NIOCore
import RegistryLayout
import Storage
import Testing

@testable import LocalStore

@Suite("A scrub of names that change meanwhile")
struct ScrubNamesTests {
    private static let app = CollectRegistryTests.app

    private static func with(
        _ body: (DurableStore, RegistryFixture) async throws -> Void
    ) async throws {
        let store = try await SimulatedRegion().open()
        try await body(store, try await RegistryFixture(store))
        try await store.close()
    }

    /// What a scrub says of names that showed this when it read them: of each name, and of missing blobs.
    private static func check(
        _ page: [ObjectRegister], _ store: DurableStore
    ) async throws -> (findings: [String], missing: [BlobID]) {
        let report = Recorded()
        var names = ScrubNames(store, report, ScrubOptions())
        try await names.check(page)
        #expect(report.figure("checked_names") == UInt64(page.count))
        return (report.findings.map(\.subject), names.missing.map(\.blob))
    }

    @Test("a link that was deleted since, and then its target, is no finding; one that shows is")
    func deleted() async throws {
        try await Self.with { store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            let link = LayoutPath.layerLink(Self.app, layer)
            let page = try await store.registers(of: [RegistryFixture.name(link)])
            try await fixture.delete(.blobData(RegistryFixture.root, layer))
            let broken = try await Self.check(page, store)
            #expect(broken.findings == [RegistryFixture.name(link).description])
            try await fixture.delete(link)
            #expect(try await Self.check(page, store).findings.isEmpty)
        }
    }

    @Test("a link that was written anew since is no finding for what it said before")
    func overwritten() async throws {
        try await Self.with { store, fixture in
            let manifest = try await fixture.image("team/app", seed: 1, tag: "v1")
            let tag = LayoutPath.tagCurrentLink(Self.app, tag: "v1")
            try await fixture.put(tag, ByteBuffer(string: "no digest"))
            let page = try await store.registers(of: [RegistryFixture.name(tag)])
            let broken = try await Self.check(page, store)
            #expect(broken.findings == [RegistryFixture.name(tag).description])
            try await fixture.tag("team/app", "v1", manifest)
            #expect(try await Self.check(page, store).findings.isEmpty)
        }
    }

    @Test("a blob whose name was deleted since is not missing; one whose name shows is")
    func dropped() async throws {
        try await Self.with { store, fixture in
            let path = LayoutPath.upload(Self.app, id: "u", rest: "data")
            let blob = try #require(
                try await fixture.put(path, ByteBuffer(string: "some")).content?.blob)
            let page = try await store.registers(of: [RegistryFixture.name(path)])
            try await store.dropWhatever(blob)
            #expect(try await Self.check(page, store).missing == [blob])
            try await fixture.delete(path)
            #expect(try await Self.check(page, store).missing.isEmpty)
        }
    }
}

import RegistryLayout
import Storage
import Testing

private let hex = String(repeating: "ab", count: 32)
private let root = "docker/registry/v2/"
private let tag = "\(root)repositories/team/app/_manifests/tags/v1/current/link"
private let tagIndex = "\(root)repositories/team/app/_manifests/tags/v1/index/sha256/\(hex)/link"
private let layer = "\(root)repositories/team/app/_layers/sha256/\(hex)/link"
private let data = "\(root)blobs/sha256/ab/\(hex)/data"

@Suite("The rules of a region")
struct RulesOfRegionTests {
    private func rules(
        _ text: String, layout: BucketSettings.Layout = .distribution
    ) throws -> RulesOfRegion? {
        let settings = BucketSettings(
            layout: layout, replication: try ReplicationRules(parsing: text))
        return RulesOfRegion(settings, in: "east")
    }

    @Test(
        "the first rule that matches decides",
        arguments: [
            ("exclude prefix=tmp/", "tmp/a", false), ("exclude prefix=tmp/", "a/tmp/", true),
            ("include prefix=tmp/keep; exclude prefix=tmp/", "tmp/keep/a", true),
            ("include prefix=tmp/keep; exclude prefix=tmp/", "tmp/a", false),
            ("include prefix=a/; exclude", "b", false),
            ("exclude region=west,east", "a", false),
            ("exclude region=west; exclude tag=x", "a", true),
            ("exclude repository=team/*", tag, false), ("exclude repository=team/*", layer, false),
            ("exclude repository=team", layer, true), ("exclude repository=*", "plain", true),
            ("exclude tag=v*", tag, false), ("exclude tag=v*", tagIndex, false),
            ("exclude tag=v*", layer, true), ("exclude repository=other tag=v*", tag, true),
        ])
    func first(text: String, key: String, isTaken: Bool) throws {
        let verdict = try #require(try rules(text)).verdict(ObjectKey(key), isDelete: false)
        #expect(verdict == (isTaken ? .taken : .withheld))
    }

    @Test("rules that hold elsewhere, or withhold nothing, are none")
    func none() throws {
        for text in ["none", "exclude region=west", "include prefix=a deletes=follow", "include"] {
            #expect(try rules(text) == nil, "\(text)")
        }
    }

    @Test("shared bytes come with the links to them, whatever the rules say")
    func shared() throws {
        let digest = try #require(ContentDigest("sha256:\(hex)"))
        let withLinks = RulesOfRegion.Verdict.withLinks(RegistryRoot(prefix: root), digest)
        for text in ["exclude", "exclude repository=team/*", "exclude prefix=\(root)"] {
            let rules = try #require(try rules(text))
            #expect(rules.verdict(ObjectKey(data), isDelete: false) == withLinks)
            #expect(rules.verdict(ObjectKey(data), isDelete: true) == .taken)
        }
        let stay = try #require(try rules("include deletes=stay"))
        #expect(stay.verdict(ObjectKey(data), isDelete: false) == .taken)
    }

    @Test("deletes have a word of their own")
    func deletes() throws {
        let stay = try #require(try rules("include prefix=archive/ deletes=stay"))
        #expect(stay.verdict("archive/a", isDelete: false) == .taken)
        #expect(stay.verdict("archive/a", isDelete: true) == .withheld)
        let follow = try #require(try rules("exclude prefix=tmp/ deletes=follow; exclude"))
        #expect(follow.verdict("tmp/a", isDelete: false) == .withheld)
        #expect(follow.verdict("tmp/a", isDelete: true) == .taken)
        #expect(follow.verdict("a", isDelete: true) == .withheld)
    }

    @Test("where no registry of that layout is, its patterns match nothing")
    func layouts() throws {
        let plain = try #require(try rules("exclude repository=*", layout: .plain))
        for key in [tag, layer, data] {
            #expect(plain.verdict(ObjectKey(key), isDelete: false) == .taken)
        }
    }
}

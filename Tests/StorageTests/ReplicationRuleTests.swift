import NIOCore
import Storage
import Testing

@Suite("Replication rules")
struct ReplicationRuleTests {
    @Test(
        "a rule is written as it is read",
        arguments: [
            "include", "exclude", "exclude region=east,north prefix=tmp/ deletes=follow",
            "include repository=prod/* tag=v?.* deletes=stay",
        ])
    func roundTrip(text: String) throws {
        #expect(try ReplicationRule(parsing: text).text == text)
    }

    @Test("rules are separated by semicolons, and their order stays")
    func list() throws {
        let rules = try ReplicationRules(
            parsing: "include prefix=a=b ;exclude   deletes=follow region=east")
        #expect(
            rules.rules == [
                ReplicationRule(.include, prefix: "a=b"),
                ReplicationRule(.exclude, regions: ["east"], deletes: .follow),
            ])
        #expect(rules.text == "include prefix=a=b; exclude region=east deletes=follow")
        #expect(try ReplicationRules(parsing: "none") == .none)
    }

    @Test(
        "what is no rule is refused, with what is wrong and what is accepted",
        arguments: [
            ("", "neither"), ("prefix=a", "neither"), ("Exclude", "neither"),
            ("exclude; ", "neither"), ("exclude colour=red", "colour=red"),
            ("exclude prefix", "prefix"), ("exclude prefix=", "prefix="),
            ("exclude prefix=a prefix=b", "twice"), ("exclude region=a,,b", "region"),
            ("exclude region=a,a", "region"), ("exclude deletes=maybe", "deletes=maybe"),
            ("exclude none", "none"),
        ])
    func refused(text: String, hint: String) {
        var settings = BucketSettings.standard
        let error = #expect(throws: StorageError.self) {
            try settings.set("replication", to: text)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("repository=PATTERN") == true)
        #expect(settings == .standard)
    }

    @Test("rules have a limit, by number and by length")
    func limits() throws {
        let many = Array(repeating: "exclude", count: ReplicationRules.limitRules)
        #expect(try ReplicationRules(texts: many).rules.count == many.count)
        #expect(throws: StorageError.self) { try ReplicationRules(texts: many + ["exclude"]) }
        let long = "exclude prefix=" + String(repeating: "x", count: ReplicationRules.limitBytes)
        #expect(throws: StorageError.self) { try ReplicationRules(parsing: long) }
    }

    @Test("they are kept in the document of the bucket, which is as before without them")
    func document() throws {
        var settings = BucketSettings.standard
        try settings.set("replication", to: "exclude region=east prefix=tmp/; include")
        let bytes = try settings.encode()
        #expect(
            String(buffer: bytes)
                == "{\"format\":1,\"replication\":[\"exclude region=east prefix=tmp/\",\"include\"]}\n"
        )
        #expect(try BucketSettings(decoding: bytes.readableBytesView) == settings)
        try settings.set("replication", to: "none")
        #expect(settings == .standard && settings.texts["replication"] == nil)
        let unreadable = "{\"format\":1,\"replication\":[\"exclude colour=red\"]}"
        #expect(throws: StorageError.self) {
            try BucketSettings(decoding: Array(unreadable.utf8))
        }
    }

    @Test(
        "deletes go with the writes unless it is said otherwise",
        arguments: [
            ("include", true), ("exclude", false), ("include deletes=stay", false),
            ("exclude deletes=follow", true),
        ])
    func deletes(text: String, follow: Bool) throws {
        #expect(try ReplicationRule(parsing: text).takesDeletes == follow)
    }

    @Test(
        "patterns",
        arguments: [
            ("", "", true), ("", "a", false), ("a", "a", true), ("a", "ab", false),
            ("*", "", true), ("*", "a/b", true), ("team/*", "team/a/b", true),
            ("team/*", "team", false), ("*-dev", "app-dev", true), ("*-dev", "app-dev-dev", true),
            ("*-dev", "app-dev2", false), ("v?.?", "v1.2", true), ("v?.?", "v1.", false),
            ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXcYb", false), ("**", "x", true),
        ])
    func pattern(pattern: String, name: String, matches: Bool) {
        #expect(GlobPattern(pattern).matches(name) == matches)
    }
}

import NIOCore
import Storage
import Testing

@Suite("How a bucket is kept")
struct BucketSettingsTests {
    @Test("what is set is what is shown, and what the document says")
    func roundTrip() throws {
        var settings = BucketSettings.standard
        #expect(
            settings.texts == [
                "layout": "distribution", "history.tags": "30d", "history.others": "0",
            ])
        #expect(try String(buffer: settings.encode()) == "{\"format\":1}\n")
        let texts = [
            "layout": "quay", "history.tags": "12h", "history.others": "90s",
            "quota.soft": "500GiB", "quota.hard": "1TiB", "quota.soft-objects": "10",
            "quota.hard-objects": "20",
        ]
        for (name, text) in texts { try settings.set(name, to: text) }
        #expect(settings.texts == texts)
        #expect(settings.quota.softBytes == 500 << 30)
        #expect(settings.retention.othersMilliseconds == 90_000)
        let bytes = try settings.encode()
        #expect(try BucketSettings(decoding: bytes.readableBytesView) == settings)
        try settings.set("quota.hard", to: "none")
        #expect(settings.quota.hardBytes == nil && settings.texts["quota.hard"] == nil)
    }

    @Test(
        "what cannot be heeded is refused, with what is accepted",
        arguments: [
            ("colour", "red", "layout"), ("layout", "harbor", "quay"),
            ("quota.hard", "ten", "500GiB"), ("quota.hard", "-1", "500GiB"),
            ("quota.hard", "9999999TiB", "500GiB"), ("history.tags", "30", "30d"),
            ("history.tags", "none", "30d"), ("history.tags", "40000d", "30d"),
            ("quota.soft-objects", "1GiB", "number"),
        ])
    func refused(name: String, text: String, hint: String) {
        var settings = BucketSettings.standard
        let error = #expect(throws: StorageError.self) { try settings.set(name, to: text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
        #expect(settings == .standard)
    }

    @Test(
        "a document that says more than is known, or is none, counts as none",
        arguments: [
            "", "[]", "{}", "{\"format\":2}", "{\"format\":1,\"colour\":\"red\"}",
            "{\"format\":1,\"layout\":\"harbor\"}", "{\"format\":1,\"hardBytes\":-1}",
            "{\"format\":1,\"othersSeconds\":9223372036854775807}",
        ])
    func strict(text: String) {
        #expect(throws: StorageError.self) { try BucketSettings(decoding: Array(text.utf8)) }
        #expect(BucketSettings(inForce: Array(text.utf8)) == .standard)
    }

    @Test(
        "a write beyond a hard limit is refused unless it takes away",
        arguments: [
            (oldBytes: nil, newBytes: 10, isTaken: true), (nil, 11, false), (5, 15, true),
            (5, 16, false), (nil, 0, true),
        ] as [(oldBytes: UInt64?, newBytes: UInt64, isTaken: Bool)])
    func hard(oldBytes: UInt64?, newBytes: UInt64, isTaken: Bool) throws {
        let quota = BucketQuota(hardBytes: 100, hardObjects: 10)
        let usage = BucketUsage(objects: 9, bytes: 90)
        let next = usage.replacing(oldBytes, by: newBytes)
        let error = Result { () throws(StorageError) in
            try quota.check(usage, to: next, of: "b")
        }
        switch error {
        case .success: #expect(isTaken)
        case .failure(let error): #expect(!isTaken && error.code == .quotaExceeded)
        }
    }

    @Test("a bucket that is over its quota may shrink, and not grow")
    func over() throws {
        let quota = BucketQuota(softBytes: 50, hardBytes: 100)
        let over = BucketUsage(objects: 3, bytes: 300)
        #expect(quota.state(over) == .overHard)
        try quota.check(over, to: over.replacing(200, by: 150), of: "b")
        try quota.check(over, to: over.replacing(200, by: 200), of: "b")
        #expect(throws: StorageError.self) {
            try quota.check(over, to: over.replacing(200, by: 201), of: "b")
        }
        #expect(quota.state(BucketUsage(objects: 1, bytes: 50)) == .within)
        #expect(quota.state(BucketUsage(objects: 1, bytes: 51)) == .overSoft)
        #expect(quota.state(BucketUsage(objects: 1, bytes: 100)) == .full)
        #expect(BucketQuota(hardObjects: 1).state(BucketUsage(objects: 2)) == .overHard)
    }
}

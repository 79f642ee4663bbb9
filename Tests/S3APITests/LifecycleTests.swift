// Lifecycles: taken, shown, and acted on when the time has come.

import HTTPTypes
import NIOCore
import RegistryLayout
import S3API
import Storage
import Synchronization
import Testing

/// A clock that a test sets.
private final class SetClock: WallClock {
    private let now = Atomic(FixedClock().milliseconds())

    func milliseconds() -> Int64 { now.load(ordering: .relaxed) }

    func advance(days: Double) { now.add(Int64(days * 86_400_000), ordering: .relaxed) }
}

/// What was reported.
private final class Report: WorkReport {
    private let state = Mutex<(figures: [String: UInt64], subjects: [String])>(([:], []))

    func set(_ progress: JobProgress) {}
    func advance(_ done: UInt64) {}
    func add(_ figure: String, _ count: UInt64) {
        state.withLock { $0.figures[figure, default: 0] += count }
    }
    func found(_ finding: JobFinding) { state.withLock { $0.subjects.append(finding.subject) } }
    func checkCancellation() throws {}

    var figures: [String: UInt64] { state.withLock { $0.figures } }
    var subjects: [String] { state.withLock { $0.subjects } }
}

@Suite("Lifecycles")
struct LifecycleTests {
    private static func configuration(_ rules: String...) -> String {
        "<LifecycleConfiguration>" + rules.map { "<Rule>\($0)</Rule>" }.joined()
            + "</LifecycleConfiguration>"
    }

    private static let tmp = """
        <ID>tmp</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status>\
        <Expiration><Days>2</Days></Expiration>
        """
    /// What the operator of OpenShift's registry puts.
    private static let uploads = """
        <ID>uploads</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
        <AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>\
        </AbortIncompleteMultipartUpload>
        """

    private static let noncurrent = """
        <ID>old</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
        <NoncurrentVersionExpiration><NoncurrentDays>2</NoncurrentDays>\
        <NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>
        """
    private static let markers = """
        <ID>markers</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
        <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>
        """

    private let clock = SetClock()

    private func server(_ configuration: String) async throws -> TestServer {
        let store = MemoryStore(
            region: RegionID(1), clock: clock, isRegionLocal: KeyRules.isRegionLocal)
        let s3 = try await TestServer.withBucket(store: store)
        #expect(await s3.put("/bucket?lifecycle", configuration).status == 200)
        return s3
    }

    private func act(on s3: TestServer, isDryRun: Bool = false) async throws -> Report {
        let report = Report()
        let store = s3.store
        let lifecycle = ApplyLifecycle(
            objects: store, blobs: store, uploads: store, versions: store, clock: clock)
        try await lifecycle.run(report, isDryRun: isDryRun)
        return report
    }

    @Test("objects go at the first midnight after their days, and no others")
    func days() async throws {
        let s3 = try await server(Self.configuration(Self.tmp))
        clock.advance(days: 0.5)
        for key in ["tmp/a", "tmp/b", "tmpfile", "kept"] { _ = await s3.put("/bucket/" + key, "x") }
        clock.advance(days: 2)
        #expect(try await act(on: s3).figures.isEmpty, "two days have passed, no midnight")
        _ = await s3.put("/bucket/tmp/b", "written since")
        clock.advance(days: 0.5)
        let dry = try await act(on: s3, isDryRun: true)
        #expect(dry.subjects == ["bucket/tmp/a"])
        #expect(await s3.head("/bucket/tmp/a").status == 200)
        #expect(try await act(on: s3).figures == ["expired_objects": 1])
        #expect(await s3.get("/bucket").elements("Key") == ["kept", "tmp/b", "tmpfile"])
    }

    @Test("a date, tags and sizes choose as well, and a rule that is disabled does nothing")
    func filters() async throws {
        let rule = """
            <Filter><And><Prefix>d/</Prefix><Tag><Key>t</Key><Value>1</Value></Tag>\
            <ObjectSizeGreaterThan>2</ObjectSizeGreaterThan></And></Filter>\
            <Status>Enabled</Status><Expiration><Date>2024-06-01T00:00:00Z</Date></Expiration>
            """
        let disabled = Self.tmp.replacing("Enabled", with: "Disabled")
        let s3 = try await server(Self.configuration(rule, disabled))
        _ = await s3.put("/bucket/d/all", "xxx", [.tagging: "t=1"])
        _ = await s3.put("/bucket/d/small", "xx", [.tagging: "t=1"])
        _ = await s3.put("/bucket/d/untagged", "xxx")
        _ = await s3.put("/bucket/tmp/x", "xxx", [.tagging: "t=1"])
        clock.advance(days: 7)
        #expect(try await act(on: s3).figures.isEmpty)
        clock.advance(days: 1)
        #expect(try await act(on: s3).subjects == ["bucket/d/all"])
        #expect(await s3.get("/bucket").elements("Key") == ["d/small", "d/untagged", "tmp/x"])
    }

    @Test("trouble with one bucket is found, and the others have their turn")
    func trouble() async throws {
        let s3 = try await server(Self.configuration(Self.tmp))
        #expect(await s3.send(.put, "/aaa").status == 200)
        let buckets = Buckets(objects: s3.store, blobs: s3.store)
        try await buckets.set(.lifecycle, to: ByteBuffer(string: "<New/>"), of: "aaa")
        _ = await s3.put("/bucket/tmp/a", "x")
        clock.advance(days: 3)
        let report = try await act(on: s3)
        #expect(report.subjects == ["bucket aaa", "bucket/tmp/a"])
        #expect(report.figures == ["expired_objects": 1])
    }

    @Test("what was written a moment ago stays, however old it says it is")
    func lately() async throws {
        let s3 = try await server(Self.configuration(Self.tmp))
        _ = await s3.put("/bucket/tmp/a", "x")
        clock.advance(days: 3)
        let name = ObjectName(bucket: "bucket", key: "tmp/a")
        let content = try #require(try await s3.store.object(name)?.content)
        try await s3.store.commit(.link(name, content, .none))
        #expect(try await act(on: s3).figures.isEmpty)
        clock.advance(days: 0.1)
        #expect(try await act(on: s3).figures == ["expired_objects": 1])
    }

    @Test("a rule without a name gets one that no other has")
    func names() async throws {
        let unnamed = Self.tmp.replacing("<ID>tmp</ID>", with: "")
        let named = Self.tmp.replacing("<ID>tmp<", with: "<ID>rule-1<")
        let s3 = try await server(Self.configuration(unnamed, named, unnamed))
        #expect(await s3.get("/bucket?lifecycle").elements("ID") == ["rule-2", "rule-1", "rule-3"])
    }

    @Test("uploads that were not completed in time are aborted")
    func aborts() async throws {
        let s3 = try await server(Self.configuration(Self.uploads))
        let begun = await s3.send(.post, "/bucket/old?uploads")
        let upload = try #require(begun.element("UploadId"))
        clock.advance(days: 1)
        _ = await s3.send(.post, "/bucket/new?uploads")
        let report = try await act(on: s3)
        #expect(report.figures == ["aborted_uploads": 1])
        #expect(report.subjects == ["bucket/old upload \(upload)"])
        #expect(await s3.get("/bucket?uploads").elements("Key") == ["new"])
    }

    @Test("a configuration is shown as it is understood, and taken away")
    func shown() async throws {
        let s3 = try await server(Self.configuration(Self.tmp, Self.uploads))
        let shown = await s3.get("/bucket?lifecycle")
        #expect(shown.elements("ID") == ["tmp", "uploads"])
        #expect(shown.elements("Prefix") == ["tmp/", ""])
        #expect(shown.element("Days") == "2" && shown.element("DaysAfterInitiation") == "1")
        #expect(await s3.put("/bucket?lifecycle", shown.body).status == 200)
        #expect(await s3.get("/bucket?lifecycle").body == shown.body)
        #expect(await s3.delete("/bucket?lifecycle").status == 204)
        #expect(await s3.get("/bucket?lifecycle").code == "NoSuchLifecycleConfiguration")
    }

    private func versioned(_ configuration: String) async throws -> TestServer {
        let s3 = try await server(configuration)
        let enabled =
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        #expect(await s3.put("/bucket?versioning", enabled).status == 200)
        clock.advance(days: 0.5)
        return s3
    }

    @Test("noncurrent versions go some days after a newer one came, but for the newest of them")
    func noncurrentVersions() async throws {
        let s3 = try await versioned(Self.configuration(Self.noncurrent))
        let shown = await s3.get("/bucket?lifecycle")
        #expect(shown.element("NoncurrentDays") == "2")
        #expect(shown.element("NewerNoncurrentVersions") == "1")
        #expect(await s3.put("/bucket?lifecycle", shown.body).status == 200)
        var ids: [String] = []
        for body in ["1", "2", "3", "4"] {
            ids.append(try #require(await s3.put("/bucket/k", body).fields[.versionID]))
            _ = await s3.put("/bucket/other", body)
        }
        let marker = try #require(await s3.delete("/bucket/other").fields[.versionID])
        clock.advance(days: 2)
        #expect(try await act(on: s3).figures.isEmpty, "no midnight has come")
        clock.advance(days: 0.5)
        let dry = try await act(on: s3, isDryRun: true)
        #expect(dry.figures == ["expired_noncurrent_versions": 5])
        #expect(try await act(on: s3).figures == ["expired_noncurrent_versions": 5])
        #expect(
            await s3.get("/bucket?versions&prefix=k").elements("VersionId") == [ids[3], ids[2]])
        let other = await s3.get("/bucket?versions&prefix=other")
        #expect(other.elements("VersionId").count == 2)
        #expect(other.elements("VersionId").first == marker)
        #expect(try await act(on: s3).figures.isEmpty)
    }

    @Test("in a bucket with versioning what expires is hidden by a marker")
    func expiredVersions() async throws {
        let s3 = try await versioned(Self.configuration(Self.tmp))
        let id = try #require(await s3.put("/bucket/tmp/a", "x").fields[.versionID])
        clock.advance(days: 2.5)
        #expect(try await act(on: s3).figures == ["expired_objects": 1])
        #expect(await s3.get("/bucket/tmp/a").fields[.deleteMarker] == "true")
        #expect(await s3.get("/bucket/tmp/a?versionId=\(id)").body == "x")
        #expect(await s3.delete("/bucket/tmp/a?versionId=\(id)").status == 204)
        #expect(try await act(on: s3).figures.isEmpty, "the marker is too young")
        clock.advance(days: 3)
        #expect(try await act(on: s3).figures == ["expired_delete_markers": 1])
        #expect(await s3.get("/bucket?versions").elements("Key").isEmpty)
    }

    @Test("a delete marker goes once nothing is behind it")
    func loneMarkers() async throws {
        let s3 = try await versioned(Self.configuration(Self.markers))
        let id = try #require(await s3.put("/bucket/a", "x").fields[.versionID])
        for key in ["a", "b", "c"] { _ = await s3.delete("/bucket/" + key) }
        _ = await s3.put("/bucket/c", "x")
        clock.advance(days: 1)
        #expect(try await act(on: s3).subjects.map { $0.prefix(8) } == ["bucket/b"])
        #expect(await s3.delete("/bucket/a?versionId=\(id)").status == 204)
        #expect(try await act(on: s3).figures == ["expired_delete_markers": 1])
        #expect(await s3.get("/bucket?versions").elements("Key") == ["c", "c"])
    }

    @Test("a rule that says that it takes out no markers takes out nothing, and is shown as it was")
    func noMarkers() async throws {
        let rule = Self.markers.replacing("true", with: "false")
        let s3 = try await server(Self.configuration(rule, Self.uploads))
        let shown = await s3.get("/bucket?lifecycle")
        #expect(shown.element("ExpiredObjectDeleteMarker") == "false")
        _ = await s3.put(
            "/bucket?versioning",
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        _ = await s3.put("/bucket/k", "x")
        #expect(await s3.delete("/bucket/none").fields[.deleteMarker] == "true")
        clock.advance(days: 9)
        #expect(try await act(on: s3).figures.isEmpty)
        #expect(await s3.get("/bucket?versions").elements("Key") == ["k", "none"])
    }

    @Test(
        "the least size of transitions, which there are none of, is taken and told as S3 tells it")
    func leastSize() async throws {
        let s3 = try await TestServer.withBucket()
        let name = HTTPField.Name.other("x-amz-transition-default-minimum-object-size")
        let value = "all_storage_classes_128K"
        for sent: HTTPFields in [[:], [name: value]] {
            let put = await s3.put("/bucket?lifecycle", Self.configuration(Self.tmp), sent)
            #expect(put.status == 200 && put.fields[name] == value)
            #expect(await s3.get("/bucket?lifecycle").fields[name] == value)
        }
        #expect(!(await s3.get("/bucket?location")).fields.contains(name))
    }

    @Test(
        "what would not be acted on is not taken",
        arguments: [
            (tmp.replacing("<Days>2<", with: "<Days>0<"), "InvalidArgument"),
            (tmp.replacing("<Days>2<", with: "<Days>x<"), "MalformedXML"),
            (
                tmp.replacing("<Days>2</Days>", with: "<Date>2024-06-01T01:00:00Z</Date>"),
                "InvalidArgument"
            ),
            (
                tmp.replacing(
                    "<Days>2</Days>",
                    with: "<ExpiredObjectDeleteMarker>no</ExpiredObjectDeleteMarker>"),
                "MalformedXML"
            ),
            (
                tmp.replacing("<Days>2</Days>", with: "<Date>2024-02-30</Date>"), "MalformedXML"
            ),
            (
                markers.replacing(
                    "<Prefix></Prefix>", with: "<Tag><Key>a</Key><Value>b</Value></Tag>"),
                "InvalidRequest"
            ),
            (
                noncurrent.replacing("<NoncurrentDays>2</NoncurrentDays>", with: ""),
                "MalformedXML"
            ),
            (noncurrent.replacing(">1<", with: ">101<"), "InvalidArgument"),
            (tmp + "<Transition><Days>1</Days></Transition>", "NotImplemented"),
            (tmp.replacing("Enabled", with: "On"), "MalformedXML"),
            (tmp.replacing("<Prefix>tmp/</Prefix>", with: "tmp/"), "MalformedXML"),
            (tmp.replacing("tmp/<", with: "<Value>tmp/</Value><"), "MalformedXML"),
            (
                tmp.replacing(
                    "<Prefix>tmp/</Prefix>",
                    with: "<And><Prefix>a/</Prefix><Prefix>b/</Prefix></And>"), "MalformedXML"
            ),
            (tmp + "<Filter><Prefix>a/</Prefix></Filter>", "MalformedXML"),
            ("<Prefix/><Status>Enabled</Status>", "InvalidRequest"),
            ("<Status>Enabled</Status><Expiration><Days>1</Days></Expiration>", "MalformedXML"),
            (
                uploads.replacing(
                    "<Prefix></Prefix>", with: "<Tag><Key>a</Key><Value>b</Value></Tag>"),
                "InvalidRequest"
            ),
        ])
    func refused(_ rule: String, _ code: String) async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?lifecycle", Self.configuration(rule)).code == code)
        let twice = Self.configuration(Self.tmp, Self.tmp)
        #expect(await s3.put("/bucket?lifecycle", twice).code == "InvalidArgument")
        #expect(await s3.get("/bucket?lifecycle").code == "NoSuchLifecycleConfiguration")
    }
}

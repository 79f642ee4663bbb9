// Lifecycles: taken, shown, and acted on when the time has come.

import HTTPTypes
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
            objects: store, blobs: store, uploads: store, clock: clock)
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
                    with: "<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>"),
                "NotImplemented"
            ),
            (tmp + "<Transition><Days>1</Days></Transition>", "NotImplemented"),
            (tmp.replacing("Enabled", with: "On"), "MalformedXML"),
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

// A Complete that takes its time.

internal import HTTPTypes
internal import S3API
internal import Storage
internal import Synchronization
import Testing

/// An upload store whose completions wait until they are let go.
final class SlowUploads: UploadStore {
    private struct Gate {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let inner: any UploadStore
    private let gate = Mutex(Gate())

    init(_ inner: any UploadStore) { self.inner = inner }

    func letGo() {
        let waiters = gate.withLock { gate in
            gate.isOpen = true
            defer { gate.waiters = [] }
            return gate.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func complete(
        _ id: UploadID, of name: ObjectName, _ completion: Completion
    ) async throws -> ObjectVersion {
        await withCheckedContinuation { waiter in
            let isOpen = gate.withLock { gate in
                if !gate.isOpen { gate.waiters.append(waiter) }
                return gate.isOpen
            }
            if isOpen { waiter.resume() }
        }
        return try await inner.complete(id, of: name, completion)
    }

    func create(_ upload: Upload) async throws -> Upload { try await inner.create(upload) }

    func upload(_ id: UploadID, of name: ObjectName) async throws -> Upload {
        try await inner.upload(id, of: name)
    }

    func putPart(
        _ id: UploadID, of name: ObjectName, number: Int, staged: StagedBlob
    ) async throws -> UploadPart {
        try await inner.putPart(id, of: name, number: number, staged: staged)
    }

    func copyPart(
        _ id: UploadID, of name: ObjectName, number: Int, blob: BlobID, range: Range<UInt64>
    ) async throws -> UploadPart {
        try await inner.copyPart(id, of: name, number: number, blob: blob, range: range)
    }

    func parts(
        of id: UploadID, _ name: ObjectName, after: Int, limit: Int
    ) async throws -> (parts: [UploadPart], isTruncated: Bool) {
        try await inner.parts(of: id, name, after: after, limit: limit)
    }

    func uploads(_ request: UploadListRequest) async throws -> UploadListPage {
        try await inner.uploads(request)
    }

    func completeBlob(
        _ id: UploadID, of name: ObjectName, _ completion: Completion
    ) async throws -> BlobInfo {
        try await inner.completeBlob(id, of: name, completion)
    }

    func abort(_ id: UploadID, of name: ObjectName) async throws {
        try await inner.abort(id, of: name)
    }
}

@Suite("Long work")
struct LongWorkTests {
    /// Reads the answer to a Complete whose work is let go after the third stretch of it.
    private func slowComplete(etag: (String) -> String) async throws -> (Int, String) {
        let store = TestServer.makeStore()
        let slow = SlowUploads(store)
        let s3 = try await TestServer.withBucket(store: store, uploads: slow) {
            $0.completeGraceMilliseconds = 1
            $0.keepAliveMilliseconds = 1
        }
        let id = try #require(await s3.send(.post, "/bucket/k?uploads").element("UploadId"))
        let part = await s3.put("/bucket/k?uploadId=\(id)&partNumber=1", "hello")
        let text =
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + "<ETag>\(etag(part.fields[.eTag] ?? ""))</ETag></Part></CompleteMultipartUpload>"
        var stretches = 0
        let reply = await s3.send(.post, "/bucket/k?uploadId=\(id)", text) { _ in
            stretches += 1
            if stretches == 3 { slow.letGo() }
        }
        return (reply.status, reply.body)
    }

    @Test("a Complete that takes long begins with 200, stays alive, and ends with its document")
    func success() async throws {
        let (status, body) = try await slowComplete { $0 }
        #expect(status == 200)
        #expect(body.hasPrefix(XMLWriter.declaration + "  "))
        let document = body.dropFirst(XMLWriter.declaration.count).drop { $0 == " " }
        #expect(document.hasPrefix("<CompleteMultipartUploadResult"))
        #expect(document.contains("<Key>k</Key>"))
    }

    @Test("what goes wrong late is an error in the body of a 200")
    func failure() async throws {
        let (status, body) = try await slowComplete { _ in "\"other\"" }
        #expect(status == 200)
        let document = body.dropFirst(XMLWriter.declaration.count).drop { $0 == " " }
        #expect(document.hasPrefix("<Error><Code>InvalidPart</Code>"))
    }

    @Test("work that is done is answered at once, as often as it is asked for")
    func done() async throws {
        let work = LongWork { 7 }
        #expect(try await work.result(within: .seconds(3600))?.get() == 7)
        #expect(try await work.result(within: .seconds(3600))?.get() == 7)
    }
}

// What a client knows: which values each key may show, given what was acknowledged and what was under way
// when the power went.

import Checksums
import LocalStore
import NIOCore
import Storage
import StoreConformance
import Synchronization
import Testing

final class Ledger: Sendable {
    private struct State {
        var allowed: [ObjectKey: [ByteBuffer?]] = [:]
        var parts: [Int: String] = [:]
        var upload: Upload?
    }

    static let bucket = "images"
    private let state = Mutex(State())

    static func name(_ key: ObjectKey) -> ObjectName { ObjectName(bucket: bucket, key: key) }

    /// Runs a change of a key. Until it is acknowledged the key may show either value.
    func change(
        _ key: ObjectKey, to value: ByteBuffer?, _ body: () async throws -> Void
    ) async throws {
        state.withLock { $0.allowed[key, default: [nil]].append(value) }
        try await body()
        state.withLock { $0.allowed[key] = [value] }
    }

    func opened(_ upload: Upload) { state.withLock { $0.upload = upload } }

    func acknowledged(_ part: UploadPart) {
        state.withLock { $0.parts[part.number] = part.etag }
    }

    /// Nothing acknowledged is lost, and nothing corrupt can be read. What is shown now must be shown from
    /// now on: a start that took a tail has made it last.
    func check(_ store: DurableStore, _ context: String) async throws {
        let (allowed, parts, upload) = state.withLock { ($0.allowed, $0.parts, $0.upload) }
        var shown: [ObjectKey] = []
        for (key, values) in allowed {
            let object = try await store.object(Self.name(key))
            var bytes: ByteBuffer?
            if let content = object?.content {
                shown.append(key)
                let whole = try await store.content(of: content.blob, limitBytes: 64 << 20)
                #expect(
                    MessageDigest.hash(.sha256, whole) == content.blob.bytes,
                    "\(context): \(key) is corrupt")
                bytes = whole
            }
            #expect(values.contains(bytes), "\(context): \(key) shows what was never written")
            state.withLock { $0.allowed[key] = [bytes] }
        }
        let page = try await store.list(ListRequest(bucket: Self.bucket))
        #expect(page.entries.map(\.key) == shown.sorted(), "\(context): the list differs")
        if let upload, !shown.contains(upload.name.key) {
            let present = try await store.parts(of: upload.id, upload.name, after: 0, limit: 1000)
            for (number, etag) in parts {
                #expect(
                    present.parts.contains { $0.number == number && $0.etag == etag },
                    "\(context): part \(number) is lost")
            }
        }
    }
}

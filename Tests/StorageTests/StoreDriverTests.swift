// What a driver over a store does beyond what every driver does: it shares the bucket with S3, and its writers.

import NIOCore
import RegistryLayout
import Storage
import Synchronization
import Testing

private struct FixedClock: WallClock {
    func milliseconds() -> Int64 { 1_800_000_000_000 }
}

/// Counts the lists that are asked for.
private final class CountedLists: ObjectStore {
    let store: MemoryStore
    private let lists = Atomic(0)

    init(_ store: MemoryStore) { self.store = store }

    var count: Int { lists.load(ordering: .relaxed) }

    func object(_ name: ObjectName) async throws -> ObjectVersion? {
        try await store.object(name)
    }

    func list(_ request: ListRequest) async throws -> ListPage {
        lists.add(1, ordering: .relaxed)
        return try await store.list(request)
    }

    func commit(_ mutations: [ObjectMutation]) async -> [Result<ObjectVersion?, StorageError>] {
        await store.commit(mutations)
    }
}

@Suite("A driver over a store")
struct StoreDriverTests {
    private static let bucket = "registry"

    private static func make() async throws -> (store: MemoryStore, driver: StoreDriver) {
        let store = MemoryStore(
            region: RegionID(1), clock: FixedClock(), isRegionLocal: KeyRules.isRegionLocal)
        try await Buckets(objects: store, blobs: store).create(bucket)
        let stores = DriverStores(
            objects: store, blobs: store, uploads: store,
            promisedDigest: { KeyRules.promisedDigest($0.key) })
        return (store, try StoreDriver(stores, bucket: bucket))
    }

    /// As S3 would, under any key.
    private static func put(_ key: String, in store: MemoryStore) async throws {
        let staged = try await store.stage(bytes: ByteBuffer(string: key))
        let content = ObjectContent(
            blob: try #require(staged.blob), sizeBytes: staged.sizeBytes,
            lastModifiedMilliseconds: 0, etag: "e")
        let name = ObjectName(bucket: bucket, key: ObjectKey(key))
        try await store.commit(.put(name, content, staged, .none))
    }

    private static func code(_ body: () async throws -> Void) async -> DriverError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? DriverError)?.code
        }
    }

    @Test("keys that are no paths are not shown, and go with the directory they are in")
    func oddKeys() async throws {
        let (store, driver) = try await Self.make()
        for key in ["d/a", "d/a b", "d/a+/x", "d/ü", "d/", "d//x", "d/b/", "d/c//y", "d/a/x"] {
            try await Self.put(key, in: store)
        }
        let directory = try DriverPath("/d")
        // Of a path that is a file and a directory both, the file.
        let files = try await driver.list(directory)
        #expect(files.map(\.path.text) == ["/d/a", "/d/b", "/d/c"])
        #expect(files.map(\.isDirectory) == [false, true, true])
        #expect(try await driver.list(DriverPath("/d/c")).isEmpty)
        for limit in 1...2 {
            let page = try await driver.list(directory, after: nil, limit: limit)
            #expect(page.files.count == limit && page.isTruncated)
        }
        try await driver.delete(directory)
        #expect(try await store.list(ListRequest(bucket: Self.bucket)).entries.isEmpty)
    }

    @Test(
        "a list looks for directories by a seek or two for each entry, whatever its name is made of"
    )
    func dashes() async throws {
        let (store, _) = try await Self.make()
        let dashes = String(repeating: "-", count: 400)
        for number in 100..<160 { try await Self.put("d/\(number)" + dashes, in: store) }
        for key in ["d/110/x", "d/120----/x", "d/120--/x", "d/159-/"] {
            try await Self.put(key, in: store)
        }
        let objects = CountedLists(store)
        let stores = DriverStores(
            objects: objects, blobs: store, uploads: store, promisedDigest: { _ in nil })
        let driver = try StoreDriver(stores, bucket: Self.bucket)
        let listed = try await driver.list(DriverPath("/d"))
        #expect(listed.count == 64)
        let directories = listed.filter(\.isDirectory).map(\.path.text)
        #expect(directories == ["/d/110", "/d/120--", "/d/120----", "/d/159-"])
        #expect(objects.count <= 2 * listed.count, "\(objects.count) lists")
    }

    @Test("in a bucket with versioning, too, there is nothing to delete where there is nothing")
    func versionedDelete() async throws {
        let (store, driver) = try await Self.make()
        try await Buckets(objects: store, blobs: store).set(
            .versioning, to: ByteBuffer(string: BucketVersioning.enabled.document),
            of: Self.bucket)
        for path in ["/none", "/d"] {
            #expect(
                await Self.code { try await driver.delete(DriverPath(path)) } == .pathNotFound)
        }
        try await Self.put("d/x", in: store)
        try await driver.delete(DriverPath("/d"))
        let versions = try await store.list(VersionListRequest(bucket: Self.bucket)).entries
        #expect(versions.count == 2, "the file and its marker, and none of what was never there")
    }

    @Test(
        "while one has a writer, nobody else gets it; whoever lets go of it leaves what was flushed"
    )
    func claims() async throws {
        let (_, driver) = try await Self.make()
        let path = try DriverPath("/a")
        let writer = try await driver.writer(path, .new)
        let id = writer.id
        for start in [WriterStart.append, .resume(id)] {
            #expect(await Self.code { _ = try await driver.writer(path, start) } == .writerBusy)
        }
        try await writer.write(ByteBuffer(string: "abc"))
        try await writer.close()
        var second: (any FileWriter)? = try await driver.writer(path, .resume(id))
        #expect(second?.sizeBytes == 3)
        try await second?.write(ByteBuffer(string: "never flushed"))
        second = nil
        let third = try await driver.writer(path, .append)
        #expect(third.id == id && third.sizeBytes == 3)
    }

    @Test("an upload that S3 began is a writer, and a writer is an upload that S3 can complete")
    func sharedUploads() async throws {
        let (store, driver) = try await Self.make()
        let name = ObjectName(bucket: Self.bucket, key: "a")
        let upload = try await store.create(
            Upload(id: UploadID(""), name: name, initiatedMilliseconds: 0))
        // S3's parts may leave numbers out.
        for number in [2, 7] {
            let staged = try await store.stage(bytes: ByteBuffer(string: "part \(number) "))
            _ = try await store.putPart(upload.id, of: name, number: number, staged: staged)
        }
        let writer = try await driver.writer(DriverPath("/a"), .append)
        #expect(writer.id == upload.id && writer.sizeBytes == 14)
        try await writer.write(ByteBuffer(string: "and more"))
        try await writer.close()
        let parts = try await store.parts(of: upload.id, name, after: 0, limit: 10).parts
        #expect(parts.map(\.number) == [2, 7, 8])
        _ = try await store.complete(
            upload.id, of: name,
            Completion(
                parts: parts.map { CompletedPart(number: $0.number, etag: $0.etag) },
                leastPartBytes: 0))
        let content = try await driver.getContent(DriverPath("/a"))
        #expect(String(buffer: content) == "part 2 part 7 and more")
    }

    @Test("a bucket that cannot be, or is not there, is not found")
    func buckets() async throws {
        let (store, _) = try await Self.make()
        let stores = DriverStores(objects: store, blobs: store, uploads: store) { _ in nil }
        for bucket in ["-system", "x", ""] {
            #expect(
                await Self.code { _ = try StoreDriver(stores, bucket: bucket) } == .bucketNotFound)
        }
        let missing = try StoreDriver(stores, bucket: "missing")
        #expect(await Self.code { _ = try await missing.stat(.root) } == .bucketNotFound)
        #expect(
            await Self.code { try await missing.putContent(DriverPath("/a"), ByteBuffer()) }
                == .bucketNotFound)
    }
}

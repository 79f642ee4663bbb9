// Makes stores of millions of objects in minutes, for measuring (Tools/benchmark) and for trying things out.
// The daemon is not running meanwhile; what is left is what it would have made of as many requests.

import ArgumentParser
import DiskIO
import Glibc
import LocalStore
import Logging
import Storage
import Synchronization

@main
struct StoreLoader: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "StoreLoader",
        abstract: "Fill a data directory with objects, through the daemon's own store.",
        discussion: "Objects are numbered; loading some again makes new versions of them.")

    @Option(help: "The data directory; made where it is not there.")
    var data: String

    @Option(help: "The bucket; made where it is not there.")
    var bucket = "bench"

    @Option(help: "How many objects.")
    var objects: UInt64

    @Option(help: "The number of the first.")
    var first: UInt64 = 0

    @Option(help: "The size of a body; up to 8 KiB rides in the journal.")
    var bodyBytes = 128

    @Option(help: "One object in so many is larger; 0 for none.")
    var chunkedEvery: UInt64 = 1000

    @Option(help: "The size of those.")
    var chunkedBytes = 64 << 10

    @Flag(help: "Delete the objects instead.")
    var delete = false

    func validate() throws {
        guard bodyBytes > 0, chunkedBytes > 0 else { throw ValidationError("a body has bytes") }
        guard objects <= .max - first else { throw ValidationError("there are not so many") }
    }

    func run() async throws {
        let store = try await DurableStore.open(
            HeldDirectory(LocalStoreConfiguration(directory: data), disk: PosixDisk()),
            index: .rocks(),
            clock: TimeOfDay(), random: { UInt64.random(in: .min ... .max) },
            logger: Logger(label: "loader") { StreamLogHandler.standardError(label: $0) })
        let start = ContinuousClock.now
        do {
            try await fill(store, since: start)
        } catch {
            try await store.close()
            throw error
        }
        try await store.close()
        print("\(objects) objects in \(ContinuousClock.now - start), closed")
    }

    private func fill(_ store: DurableStore, since start: ContinuousClock.Instant) async throws {
        do {
            try await Buckets(objects: store, blobs: store).create(bucket)
        } catch let error as StorageError where error.code == .bucketExists {
            // Loaded before.
        }
        let filling = FillStore(
            store: store, bucket: bucket, numbers: first..<first + objects, bodyBytes: bodyBytes,
            chunkedEvery: chunkedEvery, chunkedBytes: chunkedBytes,
            progress: { [counter = LoadCounter(start: start)] in counter.add($0) })
        if delete { try await filling.delete() } else { try await filling.put() }
    }
}

/// Says now and then how far it is.
private final class LoadCounter: Sendable {
    private static let reportEvery: UInt64 = 500_000

    private let start: ContinuousClock.Instant
    private let loaded = Atomic<UInt64>(0)

    init(start: ContinuousClock.Instant) { self.start = start }

    func add(_ more: UInt64) {
        let (before, after) = loaded.add(more, ordering: .relaxed)
        guard before / Self.reportEvery < after / Self.reportEvery else { return }
        print("\(after) after \(ContinuousClock.now - start)")
    }
}

private struct TimeOfDay: WallClock {
    func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

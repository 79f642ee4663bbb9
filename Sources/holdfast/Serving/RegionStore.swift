// Opens the durable store of this region, and says in one line why it cannot.

internal import DiskIO
internal import LocalStore
internal import Logging
internal import NIOCore
internal import Replication
internal import Storage

enum RegionStore {
    /// Takes the data directory. Throws a `Refusal` that names it.
    static func hold(_ configuration: Configuration) throws -> HeldDirectory {
        do {
            return try HeldDirectory(
                LocalStoreConfiguration(
                    directory: configuration.data, followsOthers: !configuration.peers.isEmpty,
                    masterKeys: masterKeys(configuration), limits: limits(configuration)),
                disk: PosixDisk())
        } catch {
            throw refusal(error, configuration)
        }
    }

    /// Throws a `Refusal` that names the data directory, or `CancellationError`.
    static func open(
        _ directory: HeldDirectory, _ configuration: Configuration, clock: any WallClock,
        logger: Logger, progress: @escaping @Sendable (ReplayProgress) -> Void
    ) async throws -> DurableStore {
        do {
            let store = try await DurableStore.open(
                directory, index: .rocks(), clock: clock,
                random: { UInt64.random(in: .min ... .max) }, logger: logger, progress: progress)
            do {
                // After what the store says of keys that it needs.
                try masterKeys(configuration).requirePlace()
            } catch {
                try await store.close()
                throw error
            }
            return store
        } catch let error as StorageError {
            throw refusal(error, configuration)
        }
    }

    private static func masterKeys(_ configuration: Configuration) -> MasterKeyFile {
        MasterKeyFile(
            path: configuration.masterKeyFile ?? configuration.data + "/" + MasterKeyFile.name)
    }

    private static func limits(_ configuration: Configuration) -> LocalStoreLimits {
        var limits = LocalStoreLimits()
        if let interval = configuration.verifyInterval { limits.reads.verifyInterval = interval }
        if let bytes = configuration.reserveBytes { limits.reserveBytes = bytes }
        if let grace = configuration.gcGrace { limits.collect.grace = grace }
        switch configuration.idleUploads {
        case .standard: break
        case .keptForEver: limits.collect.idleUploads = nil
        case .abortedAfter(let limit): limits.collect.idleUploads = limit
        }
        return limits
    }

    private static func refusal(_ error: StorageError, _ configuration: Configuration) -> Refusal {
        let cause = error.cause.map { " (\($0))" } ?? ""
        return Refusal("\(configuration.data): \(error.message)\(cause)")
    }

    /// Writes down what this start could not read of the journal, so that a repair asks other regions for
    /// it, whenever that is.
    static func noteLostRecords(of store: DurableStore) async throws {
        guard !store.lostRecords.isEmpty else { return }
        let text = store.lostRecords.joined(separator: "; ")
        try await Settings(objects: store, blobs: store).write(
            ByteBuffer(string: String(text.prefix(4096))), to: RepairRegion.lostRecords)
    }

    /// Makes a bucket exist.
    static func makeBucket(_ name: String, in store: DurableStore) async throws {
        do {
            try await Buckets(objects: store, blobs: store).create(name)
        } catch let error as StorageError where error.code == .bucketExists {
            // It is there, which is all that was asked for.
        }
    }
}

// Data keys: what bodies are sealed with. Each is random, and is kept as a setting of this region, sealed under
// the master key; so it survives whatever the journal survives, and is known before any chunk is read.
//
// They are made and sealed anew in the committer alone, so that no key is made under a master key that is being
// let go of: a decision before the change of master keys is seen by the one that seals all of them anew, and
// one behind it seals under the new one.

internal import Checksums
internal import Logging
internal import NIOCore
internal import Storage
internal import Synchronization

/// A data key as its setting holds it.
enum DataKeyDocument {
    static let prefix = "local/data-key/"
    private static let purpose = "holdfast data keys"

    static func encode(_ key: SealKey, under master: SealKey, path: String) -> [UInt8] {
        var clear = [UInt8]()
        withUnsafeBytes(of: key.id.littleEndian) { clear += $0 }
        return SealedBytes(
            sealing: clear + key.bytes, with: master.derived(for: purpose),
            associatedData: Array(path.utf8)
        ).encoded
    }

    /// Throws `refusedToOpen` where no master key opens it.
    static func decode(
        _ document: [UInt8], path: String, _ masters: any MasterKeys
    ) throws(StorageError) -> SealKey {
        guard let sealed = SealedBytes(encoded: document) else {
            throw StorageError(.refusedToOpen, "the setting \(path) is no sealed key")
        }
        guard let master = try masters.known().first(where: { $0.id == sealed.keyID }) else {
            throw StorageError(
                .refusedToOpen,
                "there are encrypted bytes here, and \(masters.place) does not hold the master key"
                    + " \(SealKey.text(of: sealed.keyID)) that they need; put that file back")
        }
        do throws(SealBroken) {
            let clear = try sealed.open(
                with: master.derived(for: purpose), associatedData: Array(path.utf8))
            let id = clear.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
            guard clear.count == 8 + AES256GCM.keyBytes, id != 0 else { throw SealBroken() }
            return SealKey(id: id, bytes: Array(clear.dropFirst(8)))
        } catch {
            throw StorageError(
                .refusedToOpen,
                "the master key \(master.idText) in \(masters.place) is not the one that bytes here"
                    + " were encrypted under; put the right file back", cause: error)
        }
    }
}

// MARK: At the start

extension DurableStore {
    private static let noMasterKey = StorageError(
        .unavailable, "this store was given no master key to encrypt under")

    /// Brings all data keys into memory. Called before anything is read. Throws `refusedToOpen` where a master key
    /// is missing or wrong. A key that the disk lost is told of; what was sealed with it counts as damaged.
    func loadDataKeys() async throws {
        let settings = Settings(objects: self, blobs: self)
        for object in try await settings.list(DataKeyDocument.prefix) {
            guard let masters = configuration.masterKeys else {
                throw StorageError(.refusedToOpen, Self.noMasterKey.message)
            }
            let path = object.name.key.string
            do {
                guard let document = try await settings.read(path) else { continue }
                let bytes = Array(document.readableBytesView)
                keys.add(
                    try await pool.run { try DataKeyDocument.decode(bytes, path: path, masters) })
            } catch let error as StorageError where [.damaged, .noSuchBlob].contains(error.code) {
                logger.critical(
                    "a key is lost, and with it what was encrypted with it, but for what other regions have",
                    metadata: ["setting": "\(path)", "error": "\(error)"])
            }
        }
    }

    /// The key to seal a body with, durable.
    func dataKey() async throws -> SealKey {
        while true {
            if let key = keys.current { return key }
            guard let masters = configuration.masterKeys else { throw Self.noMasterKey }
            // Made here, where a thread may wait for the disk, and in memory from then on.
            _ = try await pool.run { try masters.current() }
            let path = "\(DataKeyDocument.prefix)\(incarnation)-\(keys.count)"
            keys.use(
                try await committer.queue.submit(
                    MakeDataKey(path: path, key: .random(), masters: masters)))
        }
    }

    /// Seals all data keys under a new master key, and lets go of the others. What is written from now on is
    /// sealed with a new data key; nothing that was is written again. Answers the new key's id.
    package func rotateMasterKey() async throws -> UInt64 {
        guard let masters = configuration.masterKeys else { throw Self.noMasterKey }
        guard !isRotating.exchange(true, ordering: .acquiring) else {
            throw StorageError(.unavailable, "the master key is being replaced already")
        }
        defer { isRotating.store(false, ordering: .releasing) }
        let master = try await pool.run { try masters.rotate() }
        let rewrapped = try await committer.queue.submit(SealDataKeysAnew(masters: masters))
        keys.retireCurrent()
        try await pool.run { try masters.keepOnly([master.id]) }
        logger.notice(
            "the master key was replaced",
            metadata: ["key": "\(master.idText)", "data_keys": "\(rewrapped)"])
        return master.id
    }
}

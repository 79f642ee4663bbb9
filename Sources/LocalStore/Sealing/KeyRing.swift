// The store's own keys, as far as they are needed to read and to write: in memory only, put there at the start
// and when a new one is durable (`DataKeys.swift`).
//
// A key seals bodies of one start of the daemon: how often it was used is counted in memory, and so no count
// has to be durable. Nonces are random; `AES256GCM.messageLimit` says how many messages that allows. A body that
// has begun goes on with its key, also beyond that limit, which lies far below what is safe.

internal import Checksums
internal import ChunkFiles
internal import Journal
internal import NIOCore
internal import Storage
internal import Synchronization

package final class KeyRing: Sendable {
    private struct State: Sendable {
        var keys: [UInt64: SealKey] = [:]
        /// Of this start; what is sealed now is sealed with it.
        var current: SealKey?
        var messages: UInt64 = 0
    }

    /// What a small body that rides in its record is sealed for.
    private static let smallBody = Array("HOLDFAST BODY 1".utf8)

    private let state = Mutex(State())

    package init() {}

    /// A key that something may be sealed with. Durable.
    func add(_ key: SealKey) { state.withLock { $0.keys[key.id] = key } }

    /// The key to seal with from now on. Durable. One that was used before is not used again.
    func use(_ key: SealKey) {
        state.withLock { state in
            guard state.keys.updateValue(key, forKey: key.id) == nil else { return }
            state.current = key
            state.messages = 0
        }
    }

    /// What is sealed from now on is sealed with a key that is still to be made.
    func retireCurrent() { state.withLock { $0.current = nil } }

    /// Whether anything was ever sealed here.
    var isInUse: Bool { state.withLock { !$0.keys.isEmpty } }

    var count: Int { state.withLock { $0.keys.count } }

    /// The key that new bodies are sealed with, while it may seal more of them.
    var current: SealKey? {
        state.withLock { $0.messages < AES256GCM.messageLimit ? $0.current : nil }
    }

    private func count(_ key: SealKey) {
        state.withLock { state in
            if state.current == key { state.messages += 1 }
        }
    }

    // MARK: Sealing

    /// A chunk's payload: what the pieces are, sealed.
    func seal(
        _ pieces: [UnsafeRawBufferPointer], with key: SealKey
    ) -> (payload: ByteBuffer, seal: ChunkSeal) {
        count(key)
        let seal = ChunkSeal(keyID: key.id, nonce: .random(AES256GCM.nonceBytes))
        let length = pieces.reduce(AES256GCM.tagBytes) { $0 + $1.count }
        var payload = ByteBufferAllocator().buffer(capacity: length)
        payload.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { space in
            var cipher = AES256GCM(key: key.bytes)
            cipher.seal(
                pieces, nonce: seal.nonce,
                associatedData: ChunkFormat.associatedData(keyID: key.id),
                into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(length)))
            return length
        }
        return (payload, seal)
    }

    /// A small body, sealed to ride in its record.
    func seal(small bytes: [UInt8], with key: SealKey) -> SealedBytes {
        count(key)
        return SealedBytes(sealing: bytes, with: key, associatedData: Self.smallBody)
    }

    // MARK: Opening

    /// What a chunk holds of a body.
    func open(
        _ payload: UnsafeRawBufferPointer, _ seal: ChunkSeal, at place: ChunkPlace
    ) throws(ChunkFileError) -> ByteBuffer {
        guard let key = key(seal.keyID), payload.count > AES256GCM.tagBytes else {
            throw .damaged(
                place,
                reason: "it is sealed with key \(SealKey.text(of: seal.keyID)), not known here")
        }
        let length = payload.count - AES256GCM.tagBytes
        var clear = ByteBufferAllocator().buffer(capacity: length)
        var isOpened = false
        clear.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { space in
            var cipher = AES256GCM(key: key.bytes)
            do throws(SealBroken) {
                try cipher.open(
                    payload, nonce: seal.nonce,
                    associatedData: ChunkFormat.associatedData(keyID: seal.keyID),
                    into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(length)))
                isOpened = true
                return length
            } catch {
                return 0
            }
        }
        guard isOpened else { throw .damaged(place, reason: "its seal is broken") }
        return clear
    }

    /// A small body that rode in its record. Throws `damaged`.
    func open(_ sealed: SealedBytes) throws(StorageError) -> [UInt8] {
        guard let key = key(sealed.keyID) else {
            throw StorageError(
                .damaged,
                "bytes are sealed with key \(SealKey.text(of: sealed.keyID)), not known here")
        }
        do throws(SealBroken) {
            return try sealed.open(with: key, associatedData: Self.smallBody)
        } catch {
            throw StorageError(.damaged, "the seal of stored bytes is broken", cause: error)
        }
    }

    /// What rides in its record, in the clear; `nil` for bytes that do not. Throws `damaged`.
    func small(_ bytes: StoredBytes) throws(StorageError) -> [UInt8]? {
        switch bytes {
        case .inline(let bytes): bytes
        case .sealed(let sealed): try open(sealed)
        case .chunks: nil
        }
    }

    private func key(_ id: UInt64) -> SealKey? { state.withLock { $0.keys[id] } }
}

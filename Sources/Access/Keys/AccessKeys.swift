// Making, listing, rotating and revoking keys.
//
// Why a revocation stands: it is an object of its own, `shared/revoked-key/<access key>`, that is only ever made.
// Nothing here changes or deletes one, so there is no later writing that could win over it, in any region, whatever
// becomes of the key's own document; and a key counts only while there is none (`StoredCredentials`). A region that
// was cut off refuses the key from the moment that the object arrives.

internal import NIOCore
package import Storage

/// What is shown once.
package struct NewKey: Sendable {
    package let accessKey: String
    package let secret: String
    package let record: KeyRecord
}

/// A key as a list has it, without its secret.
package struct ListedKey: Sendable, Hashable {
    package enum State: String, Sendable {
        case active
        case expired
        case revoked
        /// Refused here: its document or its secret cannot be read.
        case unreadable
    }

    package var accessKey: String
    package var state: State
    /// `nil` where the document cannot be read.
    package var record: KeyRecord?
    /// Why it is refused here though it is neither expired nor revoked.
    package var reason: String?
}

package struct AccessKeys: Sendable {
    package static let prefix = "shared/key/"
    package static let revokedPrefix = "shared/revoked-key/"
    /// Of a region.
    package static let most = 10_000
    /// Secrets of a key that are valid at a time. Beyond them the one goes that is next to go.
    package static let mostSecrets = 8

    private let settings: Settings
    private let objects: any ObjectStore
    private let seals: SecretSeals
    private let clock: any WallClock

    package init(
        objects: any ObjectStore, blobs: any BlobStore, seals: SecretSeals, clock: any WallClock
    ) {
        settings = Settings(objects: objects, blobs: blobs)
        self.objects = objects
        self.seals = seals
        self.clock = clock
    }

    /// The object of a key.
    package static func name(of accessKey: String) -> ObjectName {
        Settings.name(prefix + accessKey)
    }

    /// The object that ends a key.
    package static func revokedName(of accessKey: String) -> ObjectName {
        Settings.name(revokedPrefix + accessKey)
    }

    /// Whether the text can be the access key of a stored key: it becomes part of an object's name.
    package static func isAccessKey(_ text: String) -> Bool {
        text.utf8.count == KeyText.accessKeyLength
            && text.utf8.allSatisfy(KeyText.accessKeyAlphabet.contains)
    }

    /// Throws `limitExceeded`.
    package func create(
        name: String?, limits: KeyLimits, expiresMilliseconds: Int64?
    ) async throws -> NewKey {
        // Those that ended are looked for only where there are so many: they stay, to be told of.
        if try await settings.list(Self.prefix).count >= Self.most,
            try await list().filter({ $0.state == .active }).count >= Self.most
        {
            throw StorageError(.limitExceeded, "there are \(Self.most) keys; no more are taken")
        }
        let accessKey = KeyText.accessKey()
        let secret = KeyText.secret()
        let record = KeyRecord(
            name: name, limits: limits, createdMilliseconds: clock.milliseconds(),
            expiresMilliseconds: expiresMilliseconds,
            secrets: [KeyRecord.Secret(sealed: seals.seal(secret, of: accessKey))])
        try await settings.write(
            try record.encode(), to: Self.prefix + accessKey,
            if: Preconditions(ifNoneMatch: .any))
        return NewKey(accessKey: accessKey, secret: secret, record: record)
    }

    /// All keys, in order of their access keys.
    package func list() async throws -> [ListedKey] {
        var keys: [ListedKey] = []
        for object in try await settings.list(Self.prefix) {
            let path = object.name.key.string
            let accessKey = String(path.dropFirst(Self.prefix.count))
            guard let bytes = try await settings.read(path) else { continue }
            keys.append(try await listed(accessKey, bytes))
        }
        return keys
    }

    private func listed(_ accessKey: String, _ bytes: ByteBuffer) async throws -> ListedKey {
        var key = ListedKey(accessKey: accessKey, state: .active)
        do {
            let record = try KeyRecord(decoding: bytes.readableBytesView)
            key.record = record
            if let expires = record.expiresMilliseconds, expires <= clock.milliseconds() {
                key.state = .expired
            }
            _ = try seals.open(record.secrets[0].sealed, of: accessKey)
        } catch {
            key.state = .unreadable
            key.reason = (error as? StorageError)?.message ?? "\(error)"
        }
        if try await isRevoked(accessKey) { key.state = .revoked }
        return key
    }

    /// Gives the key another secret; the one it has is valid for `graceMilliseconds` more, and what was promised of
    /// those before it holds, within the life of the key; without such a grace all of them end now. Throws
    /// `noSuchKey`, `invalidArgument` for a key that is revoked or has expired.
    package func rotate(
        _ accessKey: String, graceMilliseconds: Int64
    ) async throws -> NewKey {
        try await require(accessKey)
        let secret = KeyText.secret()
        let now = clock.milliseconds()
        let sealed = seals.seal(secret, of: accessKey)
        var rotated: KeyRecord?
        try await settings.change(Self.prefix + accessKey) { bytes in
            guard let bytes else { throw Self.unknown(accessKey) }
            var record = try KeyRecord(decoding: bytes.readableBytesView)
            let end = record.expiresMilliseconds ?? .max
            guard now < end else {
                throw StorageError(.invalidArgument, "key \(accessKey) has expired")
            }
            record.secrets[0].untilMilliseconds = min(now + graceMilliseconds, end)
            var valid =
                graceMilliseconds > 0
                ? record.secrets.filter { $0.untilMilliseconds ?? .max > now } : []
            while valid.count >= Self.mostSecrets,
                let nextToGo = valid.indices.min(by: {
                    valid[$0].untilMilliseconds ?? .max < valid[$1].untilMilliseconds ?? .max
                })
            {
                valid.remove(at: nextToGo)
            }
            record.secrets = [KeyRecord.Secret(sealed: sealed)] + valid
            rotated = record
            return try record.encode()
        }
        guard let rotated else { preconditionFailure("a key was changed and never read") }
        return NewKey(accessKey: accessKey, secret: secret, record: rotated)
    }

    /// Ends a key for ever, in every region. Returns whether it was not ended before. Throws `noSuchKey`.
    @discardableResult
    package func revoke(_ accessKey: String) async throws -> Bool {
        guard Self.isAccessKey(accessKey),
            try await objects.object(Self.name(of: accessKey)) != nil
        else { throw Self.unknown(accessKey) }
        let document = "{\"format\":1,\"revokedMilliseconds\":\(clock.milliseconds())}\n"
        do {
            try await settings.write(
                ByteBuffer(string: document), to: Self.revokedPrefix + accessKey,
                if: Preconditions(ifNoneMatch: .any))
            return true
        } catch let error as StorageError where error.code == .preconditionFailed {
            return false
        }
    }

    /// Seals under the key that holds now what an earlier one sealed: at a start that is given a key to share. What
    /// cannot be read here is left as it is. Returns how many keys were sealed anew.
    package func reseal() async throws -> Int {
        var count = 0
        for object in try await settings.list(Self.prefix) {
            let path = object.name.key.string
            let accessKey = String(path.dropFirst(Self.prefix.count))
            guard let bytes = try await settings.read(path),
                resealed(accessKey, bytes) != nil
            else { continue }
            // What the key says stays as old as it is: a rotation elsewhere, not yet heard of here, goes before it.
            try await settings.change(path, keepsAge: true) { bytes in
                guard let bytes else { throw Self.unknown(accessKey) }
                return try resealed(accessKey, bytes)?.encode() ?? bytes
            }
            count += 1
        }
        return count
    }

    /// `nil` where it is sealed as it should be, or cannot be opened.
    private func resealed(_ accessKey: String, _ bytes: ByteBuffer) -> KeyRecord? {
        guard var record = try? KeyRecord(decoding: bytes.readableBytesView),
            record.secrets.contains(where: { !seals.isCurrent($0.sealed) })
        else { return nil }
        for index in record.secrets.indices where !seals.isCurrent(record.secrets[index].sealed) {
            guard let secret = try? seals.open(record.secrets[index].sealed, of: accessKey) else {
                return nil
            }
            record.secrets[index].sealed = seals.seal(secret, of: accessKey)
        }
        return record
    }

    private func require(_ accessKey: String) async throws {
        guard Self.isAccessKey(accessKey) else { throw Self.unknown(accessKey) }
        guard try await !isRevoked(accessKey) else {
            throw StorageError(.invalidArgument, "key \(accessKey) is revoked")
        }
    }

    private func isRevoked(_ accessKey: String) async throws -> Bool {
        try await objects.object(Self.revokedName(of: accessKey)) != nil
    }

    private static func unknown(_ accessKey: String) -> StorageError {
        StorageError(.noSuchKey, "there is no key \(accessKey)")
    }
}

/// Access keys and secrets, from the kernel's generator.
private enum KeyText {
    static let accessKeyLength = 20
    static let accessKeyAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// Begins like a stored key of Holdfast's, and like none of its root keys.
    static func accessKey() -> String {
        "HFK" + random(accessKeyLength - 3, of: accessKeyAlphabet)
    }

    /// 40 characters of 62: 238 bits.
    static func secret() -> String {
        random(40, of: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8))
    }

    private static func random(_ count: Int, of alphabet: [UInt8]) -> String {
        var generator = SystemRandomNumberGenerator()
        return String(
            decoding: (0..<count).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &generator)]
            }, as: UTF8.self)
    }
}

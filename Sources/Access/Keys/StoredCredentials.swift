// The keys that are valid in this region now: the root key, which is not stored, and those of the store. A stored
// key is looked up for every request, in what the store has in memory, so that a change of it holds with the
// commit that brought it, whether it was made here or came from another region.

internal import NIOCore
package import Storage

package struct StoredCredentials: CredentialSource {
    /// What a key's document says.
    private enum Reading: Sendable {
        case opened(OpenedKey)
        case refused
    }

    private let root: RootCredentials
    private let keys: KeptDocuments<Reading>
    private let objects: any ObjectStore
    private let clock: any WallClock

    /// `report` is told of each document of a key that cannot be read here, once; the key is refused.
    package init(
        root: RootCredentials, objects: any ObjectStore, blobs: any BlobStore, seals: SecretSeals,
        clock: any WallClock,
        report: @escaping @Sendable (_ accessKey: String, _ reason: String) -> Void
    ) {
        self.root = root
        self.objects = objects
        self.clock = clock
        keys = KeptDocuments(
            limit: AccessKeys.most, objects: objects, blobs: blobs,
            name: { AccessKeys.name(of: $0) },
            read: { document, accessKey in
                do {
                    let record = try KeyRecord(decoding: document.readableBytesView)
                    return .opened(try OpenedKey(record, accessKey, seals))
                } catch {
                    report(accessKey, (error as? StorageError)?.message ?? "\(error)")
                    return .refused
                }
            })
    }

    package func credential(for accessKey: String) async throws -> Credential? {
        if let credential = try await root.credential(for: accessKey) { return credential }
        guard AccessKeys.isAccessKey(accessKey),
            case .opened(let key) = try await keys.value(of: accessKey),
            try await objects.object(AccessKeys.revokedName(of: accessKey)) == nil
        else { return nil }
        return key.credential(nowMilliseconds: clock.milliseconds())
    }
}

/// A key with its secrets in clear, in memory only.
private struct OpenedKey: Sendable {
    private let accessKey: String
    private let principal: Principal
    private let expiresMilliseconds: Int64?
    private let secrets: [(text: String, untilMilliseconds: Int64?)]

    init(_ record: KeyRecord, _ accessKey: String, _ seals: SecretSeals) throws {
        self.accessKey = accessKey
        principal = Principal(
            name: record.name.map { "\($0) (\(accessKey))" } ?? accessKey,
            policy: .limited(record.limits))
        expiresMilliseconds = record.expiresMilliseconds
        let newest = record.secrets[0]
        secrets =
            [(try seals.open(newest.sealed, of: accessKey), newest.untilMilliseconds)]
            // One that was rotated where another key seals is no secret of the key here.
            + record.secrets.dropFirst().compactMap { former in
                (try? seals.open(former.sealed, of: accessKey)).map {
                    ($0, former.untilMilliseconds)
                }
            }
    }

    /// `nil` for one whose time is over.
    func credential(nowMilliseconds: Int64) -> Credential? {
        guard expiresMilliseconds ?? .max > nowMilliseconds else { return nil }
        let valid = secrets.filter { $0.untilMilliseconds ?? .max > nowMilliseconds }.map(\.text)
        guard let newest = valid.first else { return nil }
        return Credential(
            accessKey: accessKey, secret: newest, formerSecrets: Array(valid.dropFirst()),
            principal: principal)
    }
}

// A key as it is stored: a setting that all regions share, `shared/key/<access key>`. Revocation is another one
// (`AccessKeys`), so that no writing of this one, however it is merged, brings a revoked key back.

package import Checksums
package import NIOCore
package import Storage

package struct KeyRecord: Sendable, Hashable {
    package struct Secret: Sendable, Hashable {
        package var sealed: SealedBytes
        /// Of one that was rotated; `nil`: as long as the key.
        package var untilMilliseconds: Int64?
    }

    /// For people; no two keys need differ in it.
    package var name: String?
    package var limits: KeyLimits
    package var createdMilliseconds: Int64
    package var expiresMilliseconds: Int64?
    /// The newest first.
    package var secrets: [Secret]

    /// When the last of those that were rotated ends.
    package var formerUntilMilliseconds: Int64? {
        secrets.dropFirst().compactMap(\.untilMilliseconds).max()
    }
}

extension KeyRecord {
    private struct SecretDocument: Codable {
        var sealed: String
        var untilMilliseconds: Int64?
    }

    private struct Document: SettingDocument {
        enum CodingKeys: String, CodingKey, CaseIterable {
            case format, name, rights, buckets, prefixes, createdMilliseconds, secrets
            case expiresMilliseconds
        }

        var format = 1
        var name: String?
        var rights: [KeyLimits.Right]
        var buckets: [String]
        var prefixes: [String]
        var createdMilliseconds: Int64
        var expiresMilliseconds: Int64?
        var secrets: [SecretDocument]

        static let fields = Set(CodingKeys.allCases.map(\.rawValue))
    }

    package func encode() throws -> ByteBuffer {
        try Document(
            name: name, rights: KeyLimits.Right.allCases.filter(limits.rights.contains),
            buckets: limits.buckets.sorted(), prefixes: limits.prefixes.map(\.string),
            createdMilliseconds: createdMilliseconds, expiresMilliseconds: expiresMilliseconds,
            secrets: secrets.map {
                SecretDocument(
                    sealed: Base64.encode($0.sealed.encoded),
                    untilMilliseconds: $0.untilMilliseconds)
            }
        ).encoded()
    }

    /// Throws `invalidArgument` for bytes that are no such document, or say more than is known here: limits that
    /// are not understood are not half heeded.
    package init(decoding bytes: some Collection<UInt8>) throws(StorageError) {
        let document = try Document(decoding: bytes)
        guard document.format == 1, !document.secrets.isEmpty else {
            throw StorageError(.invalidArgument, "a key of format \(document.format)")
        }
        name = document.name
        limits = KeyLimits(
            rights: Set(document.rights), buckets: Set(document.buckets),
            prefixes: document.prefixes.map { ObjectKey($0) })
        createdMilliseconds = document.createdMilliseconds
        expiresMilliseconds = document.expiresMilliseconds
        secrets = try document.secrets.map { secret throws(StorageError) in
            guard let sealed = Base64.decode(secret.sealed).flatMap(SealedBytes.init(encoded:))
            else { throw StorageError(.invalidArgument, "a secret is not sealed as is known here") }
            return Secret(sealed: sealed, untilMilliseconds: secret.untilMilliseconds)
        }
    }
}

// How the secrets of keys are sealed. A secret has to be known in clear to verify a signature, in every region that
// shares the key; so it is sealed, under a key that those regions have and that is neither in a journal nor on any
// wire between them: one derived from the key by which they recognise each other. A region that is by itself
// seals under a key of its own.

package import Checksums
internal import Storage

package struct SecretSeals: Sendable {
    /// Why a secret cannot be had.
    package enum Failure: Error, Sendable, CustomStringConvertible {
        /// The region has no such key.
        case unknownKey(UInt64)
        /// What is sealed is not what it is said to be.
        case broken

        package var description: String {
            switch self {
            case .unknownKey(let id):
                "its secret is sealed by key \(SealKey.text(of: id)), which this region does not have"
            case .broken: "the seal of its secret is broken"
            }
        }
    }

    /// Seals, and opens.
    private let current: SealKey
    /// Open what was sealed before.
    private let former: [SealKey]

    package init(current: SealKey, former: [SealKey] = []) {
        self.current = current
        self.former = former
    }

    func seal(_ secret: String, of accessKey: String) -> SealedBytes {
        SealedBytes(
            sealing: Array(secret.utf8), with: current, associatedData: Self.data(accessKey))
    }

    func open(_ sealed: SealedBytes, of accessKey: String) throws(Failure) -> String {
        guard let key = ([current] + former).first(where: { $0.id == sealed.keyID }) else {
            throw .unknownKey(sealed.keyID)
        }
        do {
            let bytes = try sealed.open(with: key, associatedData: Self.data(accessKey))
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw .broken
        }
    }

    func isCurrent(_ sealed: SealedBytes) -> Bool { sealed.keyID == current.id }

    /// A secret that was put into another key's document does not open there.
    private static func data(_ accessKey: String) -> [UInt8] {
        Array("holdfast secret of \(accessKey)".utf8)
    }
}

extension SealKey {
    /// The key of all regions that share this one to recognise each other by.
    package static func shared(byPeerKey secret: [UInt8]) -> SealKey {
        let id = HKDF.sha256(key: secret, info: Array("holdfast key secrets, id".utf8), count: 8)
        return SealKey(
            // Never 0, which says that nothing is sealed.
            id: id.reduce(0) { $0 << 8 | UInt64($1) } | 1,
            bytes: HKDF.sha256(
                key: secret, info: Array("holdfast key secrets".utf8), count: AES256GCM.keyBytes))
    }
}

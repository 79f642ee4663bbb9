// Signing keys by credential scope. Deriving one takes four HMACs; a client uses one for a day.

internal import Checksums
internal import Synchronization

/// Any number of threads may use it.
final class SigningKeyCache: Sendable {
    private struct Entry {
        let secret: String
        let key: HMAC
    }

    private let limit: Int
    private let entries = Mutex<[String: Entry]>([:])

    init(limit: Int) { self.limit = limit }

    /// The key of `credential` (access key and scope), made of `secret`. A secret that was rotated is
    /// noticed, since entries remember theirs.
    func key(for credential: String, scope: CredentialScope, secret: String) -> HMAC {
        let known = entries.withLock { $0[credential] }
        if let known, known.secret == secret { return known.key }
        let key = scope.signingKey(secret: secret)
        entries.withLock { entries in
            // Scopes change once a day: when there are too many, most are of yesterday.
            if entries.count >= limit { entries.removeAll(keepingCapacity: true) }
            entries[credential] = Entry(secret: secret, key: key)
        }
        return key
    }
}

// Who may speak, and where their keys come from.

/// A key pair and whose it is.
package struct Credential: Sendable, Hashable {
    package let accessKey: String
    package let secret: String
    /// Those that were rotated and are valid still.
    package let formerSecrets: [String]
    package let principal: Principal

    package init(
        accessKey: String, secret: String, formerSecrets: [String] = [], principal: Principal
    ) {
        self.accessKey = accessKey
        self.secret = secret
        self.formerSecrets = formerSecrets
        self.principal = principal
    }
}

extension Credential {
    /// What `verify` makes of the credential, by whichever of its secrets a request is signed with.
    func verified<Value>(
        _ verify: (Credential) throws(AccessError) -> Value
    ) throws(AccessError) -> Value {
        for former in formerSecrets {
            let other = Credential(accessKey: accessKey, secret: former, principal: principal)
            do throws(AccessError) {
                return try verify(other)
            } catch  where error.code == .signatureDoesNotMatch {
                continue
            }
        }
        return try verify(self)
    }
}

extension Credential: CustomStringConvertible {
    /// Without the secret, so that no log can hold it.
    package var description: String { "\(accessKey) (\(principal.name))" }
}

/// The keys that are valid now. All calls may be made at once from anywhere. Where the answer is in
/// memory it is given without leaving the caller's thread: every signed request asks.
package protocol CredentialSource: Sendable {
    /// `nil` for a key that is not known, or was revoked.
    func credential(for accessKey: String) async throws -> Credential?
}

/// The root keys, which come from the daemon's environment or its data directory and are never
/// replicated.
package struct RootCredentials: CredentialSource {
    private let credentials: [String: Credential]

    /// Of several secrets for one access key the last counts.
    package init(_ keys: [(accessKey: String, secret: String)]) {
        var credentials: [String: Credential] = [:]
        for key in keys {
            credentials[key.accessKey] = Credential(
                accessKey: key.accessKey, secret: key.secret, principal: .root)
        }
        self.credentials = credentials
    }

    package init(accessKey: String, secret: String) {
        self.init([(accessKey: accessKey, secret: secret)])
    }

    package func credential(for accessKey: String) async throws -> Credential? {
        credentials[accessKey]
    }
}

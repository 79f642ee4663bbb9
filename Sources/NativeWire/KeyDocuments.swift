// Keys, as the admin API tells of them and changes them. Fields are only ever added. A secret is in the answer
// that makes it, and nowhere else.

/// The body of the POST that makes a key.
package struct KeyRequestDocument: Sendable, Hashable, Codable {
    package var name: String?
    /// Of "read", "write", "delete", "list".
    package var rights: [String]
    /// None: any.
    package var buckets: [String]
    /// None: any key.
    package var prefixes: [String]
    /// Absent: until it is revoked.
    package var lifeSeconds: Int64?

    package init(
        name: String?, rights: [String], buckets: [String], prefixes: [String],
        lifeSeconds: Int64?
    ) {
        self.name = name
        self.rights = rights
        self.buckets = buckets
        self.prefixes = prefixes
        self.lifeSeconds = lifeSeconds
    }
}

/// The body of the POSTs that rotate and revoke a key.
package struct KeyChangeDocument: Sendable, Hashable, Codable {
    package var accessKey: String
    /// Of a rotation: how long the former secret is valid.
    package var graceSeconds: Int64?

    package init(accessKey: String, graceSeconds: Int64? = nil) {
        self.accessKey = accessKey
        self.graceSeconds = graceSeconds
    }
}

/// The answer that has a secret.
package struct NewKeyDocument: Sendable, Hashable, Codable {
    package var accessKey: String
    package var secretKey: String
    /// Of a key that was rotated.
    package var formerUntilMilliseconds: Int64?
    package var expiresMilliseconds: Int64?

    package init(
        accessKey: String, secretKey: String, formerUntilMilliseconds: Int64?,
        expiresMilliseconds: Int64?
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.formerUntilMilliseconds = formerUntilMilliseconds
        self.expiresMilliseconds = expiresMilliseconds
    }
}

/// The answer of a revocation.
package struct RevokedKeyDocument: Sendable, Hashable, Codable {
    package var accessKey: String
    /// It was revoked before.
    package var wasRevoked: Bool

    package init(accessKey: String, wasRevoked: Bool) {
        self.accessKey = accessKey
        self.wasRevoked = wasRevoked
    }
}

/// The answer of `GET /-/admin/v1/keys`.
package struct KeyListDocument: Sendable, Hashable, Codable {
    package var keys: [KeyEntryDocument]

    package init(keys: [KeyEntryDocument]) { self.keys = keys }
}

package struct KeyEntryDocument: Sendable, Hashable, Codable {
    package var accessKey: String
    /// "active", "expired", "revoked" or "unreadable".
    package var state: String
    /// Why it cannot be read here.
    package var reason: String?
    package var name: String?
    /// These are absent where the key's document cannot be read.
    package var rights: [String]?
    package var buckets: [String]?
    package var prefixes: [String]?
    package var createdMilliseconds: Int64?
    package var expiresMilliseconds: Int64?
    /// Until when the secret that was rotated is valid.
    package var formerUntilMilliseconds: Int64?

    package init(accessKey: String, state: String, reason: String?) {
        self.accessKey = accessKey
        self.state = state
        self.reason = reason
    }
}

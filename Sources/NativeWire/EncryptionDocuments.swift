// The change of master keys, as the admin API tells of it. Fields are only ever added.

/// The answer of `POST /-/admin/v1/encryption/rotate`.
package struct MasterKeyRotationDocument: Sendable, Hashable, Codable {
    /// The id of the new key, sixteen hexadecimal digits.
    package var masterKey: String

    package init(masterKey: String) { self.masterKey = masterKey }
}

// Which digest a name says its bytes have, by the layout that its bucket is said to have.

package import Storage

package struct PromisedDigests: Sendable {
    private let settings: KeptDocuments<BucketSettings>

    package init(_ settings: KeptDocuments<BucketSettings>) { self.settings = settings }

    /// `nil` where the name says nothing. Few keys look like a blob's: only for those the bucket is looked at.
    package func digest(of name: ObjectName) async throws -> ContentDigest? {
        let layouts = BucketSettings.Layout.allCases
        guard layouts.contains(where: { KeyRules.promisedDigest(name.key, in: $0) != nil }) else {
            return nil
        }
        let layout = try await settings.value(of: name.bucket)?.layout ?? .distribution
        return KeyRules.promisedDigest(name.key, in: layout)
    }
}

// What a principal may do. One function decides.

package import Storage

/// What a request wants to do, in the words in which keys are limited.
package enum Action: String, Sendable, Hashable, CaseIterable {
    /// Bytes or metadata of an object.
    case read
    /// Bytes or metadata of a version that is named.
    case readVersion = "read a version of"
    /// The tags and the access control list of an object.
    case readAttributes = "read the attributes of"
    /// Put, copy to, or upload parts of an object.
    case write
    case delete
    /// The names in a bucket.
    case list
    /// That a bucket is there, and where.
    case find = "see"
    /// Buckets themselves and their settings.
    case administer
}

/// What a key may do.
package struct Policy: Sendable, Hashable {
    private enum Grant: Sendable, Hashable {
        case everything
        case bucket(BucketPolicy)
        case limited(KeyLimits)
        case nothing
    }

    private let grant: Grant

    private init(_ grant: Grant) { self.grant = grant }

    /// May do all.
    package static let root = Policy(.everything)
    /// May do nothing.
    package static let none = Policy(.nothing)

    /// May do what a key is limited to.
    package static func limited(_ limits: KeyLimits) -> Policy { Policy(.limited(limits)) }

    /// May do what a bucket allows to everyone.
    package static func everyone(_ policy: BucketPolicy) -> Policy { Policy(.bucket(policy)) }

    /// Whether `action` may be done to `key` of `bucket`; without a key to the bucket as a whole, without
    /// a bucket to the region as a whole. Of a list, `key` is the prefix of what is listed.
    package func allows(_ action: Action, bucket: String?, key: ObjectKey?) -> Bool {
        switch grant {
        case .everything: true
        case .bucket(let policy): policy.allows(action, bucket: bucket, key: key)
        case .limited(let limits): limits.allows(action, bucket: bucket, key: key)
        case .nothing: false
        }
    }
}

/// On whose behalf a request is made.
package struct Principal: Sendable, Hashable {
    /// Goes into object records and logs.
    package let name: String
    package let policy: Policy

    package init(name: String, policy: Policy) {
        self.name = name
        self.policy = policy
    }

    package static let root = Principal(name: "root", policy: .root)
    /// Of requests without any signature.
    package static func anonymous(_ policy: BucketPolicy) -> Principal {
        Principal(name: "anonymous", policy: .everyone(policy))
    }

    /// Throws `notAllowed` unless the policy allows it.
    package func require(
        _ action: Action, bucket: String?, key: ObjectKey? = nil
    ) throws(AccessError) {
        guard policy.allows(action, bucket: bucket, key: key) else {
            throw AccessError(.notAllowed, "“\(name)” may not \(action.rawValue) this")
        }
    }
}

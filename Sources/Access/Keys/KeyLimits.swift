// What a key may do, where.

package import Storage

package struct KeyLimits: Sendable, Hashable {
    /// In the words in which a key is limited.
    package enum Right: String, Sendable, Codable, CaseIterable {
        case read
        case write
        case delete
        case list
    }

    package var rights: Set<Right>
    /// Empty: any bucket.
    package var buckets: Set<String>
    /// What the keys that it may touch begin with; empty: any key. Names are listed only under one of these.
    package var prefixes: [ObjectKey]

    package init(
        rights: Set<Right> = Set(Right.allCases), buckets: Set<String> = [],
        prefixes: [ObjectKey] = []
    ) {
        self.rights = rights
        self.buckets = buckets
        self.prefixes = prefixes
    }

    /// Whether `action` may be done to `key` of `bucket`. Of a list, `key` is the prefix that is asked for.
    package func allows(_ action: Action, bucket: String?, key: ObjectKey?) -> Bool {
        guard let right = action.right else {
            // Buckets and their settings are the root key's; that a bucket is there, every key of it sees.
            return action == .find && bucket.map(includes) ?? true
        }
        guard rights.contains(right), let bucket, includes(bucket) else { return false }
        guard !prefixes.isEmpty else { return true }
        guard let key else { return false }
        return prefixes.contains { key.hasPrefix($0) }
    }

    private func includes(_ bucket: String) -> Bool {
        buckets.isEmpty || buckets.contains(bucket)
    }
}

extension Action {
    /// What a key needs for it; `nil` for what no right gives.
    fileprivate var right: KeyLimits.Right? {
        switch self {
        case .read, .readAttributes, .readVersion: .read
        case .write: .write
        case .delete: .delete
        case .list: .list
        case .find, .administer: nil
        }
    }
}

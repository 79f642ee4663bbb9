// What a key's place in a layout says about the object, wherever it is written or replicated.

package import Storage

package enum KeyRules {
    /// Whether the object stays in its region: uploads in progress, and settings of the region itself.
    package static func isRegionLocal(_ name: ObjectName) -> Bool {
        if name.bucket == BucketName.system { return name.key.hasPrefix("local/") }
        // Parsing costs more than looking for the one component that matters.
        guard Self.has(Self.uploads, in: name.key.bytes) else { return false }
        if case .upload = LayoutPath(name.key) { return true }
        return false
    }

    /// What the key is to history.
    package static func historyRole(_ name: ObjectName) -> HistoryRole {
        if name.bucket == BucketName.system { return .none }
        return switch LayoutPath(name.key) {
        case .tagCurrentLink: .tagLink
        case .revisionLink, .layerLink, .blobData: .closure
        case .upload: .none
        case .tagIndexLink, nil: .other
        }
    }

    /// The digest that the bytes at this key of a bucket of that layout must have, where the key names one.
    package static func promisedDigest(
        _ key: ObjectKey, in layout: BucketSettings.Layout = .distribution
    ) -> ContentDigest? {
        switch layout {
        case .distribution: distributionDigest(key)
        case .quay: quayDigest(key)
        // A blob of zot's that it has elsewhere as well is an empty object.
        case .zot, .plain: nil
        }
    }

    private static func distributionDigest(_ key: ObjectKey) -> ContentDigest? {
        guard key.bytes.suffix(Self.data.count).elementsEqual(Self.data),
            case .blobData(_, let digest) = LayoutPath(key)
        else { return nil }
        return digest
    }

    /// `…/sha256/<xx>/<hex>` (Quay, storage/basestorage.py, BaseStorageV2.blob_path).
    private static func quayDigest(_ key: ObjectKey) -> ContentDigest? {
        let digits = 64
        guard key.bytes.count >= Self.sha256.count + 3 + digits else { return nil }
        let directory = key.bytes.dropLast(digits + 1).suffix(Self.sha256.count + 2)
        let hex = key.bytes.suffix(digits)
        let isWhole =
            key.bytes.count == directory.count + 1 + digits
            || key.bytes[directory.startIndex - 1] == UInt8(ascii: "/")
        guard isWhole, directory.starts(with: Self.sha256),
            directory.suffix(2).elementsEqual(hex.prefix(2)),
            key.bytes[directory.endIndex] == UInt8(ascii: "/")
        else { return nil }
        return ContentDigest("sha256:" + String(decoding: hex, as: UTF8.self))
    }

    /// Every write asks; the library's search of collections takes as long as all else that is decided.
    private static func has(_ component: [UInt8], in key: [UInt8]) -> Bool {
        guard key.count >= component.count else { return false }
        // The second byte is rare in keys.
        return (0...key.count - component.count).contains { start in
            key[start + 1] == component[1] && key[start...].starts(with: component)
        }
    }

    private static let uploads = Array("/_uploads/".utf8)
    private static let sha256 = Array("sha256/".utf8)
    private static let data = Array("/data".utf8)
}

// Which registry's layout a bucket has, judged by a few of its keys.

internal import Storage

package enum BucketLayout: Hashable, Sendable {
    /// CNCF Distribution's, at one or several roots.
    case distribution([RegistryRoot])
    case quay
    case zot
    case plain

    /// Why garbage of a registry cannot be told from what is needed; `nil` where it can.
    package var reasonToLeaveAlone: String? {
        switch self {
        case .distribution: nil
        case .quay: "Quay knows what it needs by its own database; run its garbage collection"
        case .zot: "zot keeps what it needs in its index.json; run its garbage collection"
        case .plain: "it holds no registry in CNCF Distribution's layout"
        }
    }
}

/// What was seen of a directory of a bucket: its path with the slash at its end ("" at the top), and the
/// names directly in it, those of directories with their slash.
package struct SeenDirectory: Sendable, Hashable {
    package var path: String
    package var names: Set<String>

    package init(path: String, names: Set<String>) {
        self.path = path
        self.names = names
    }
}

extension BucketLayout {
    /// How deep a registry's root directory is looked for.
    package static let depth = 4

    package init(_ directories: [SeenDirectory], roots: [RegistryRoot]) {
        if !roots.isEmpty {
            self = .distribution(roots)
        } else if directories.contains(where: { $0.names.contains("oci-layout") }) {
            self = .zot
        } else if directories.contains(where: Self.holdsQuaysBlobs) {
            self = .quay
        } else {
            self = .plain
        }
    }

    /// `sha256/<two digits>/…`
    private static func holdsQuaysBlobs(_ directory: SeenDirectory) -> Bool {
        guard directory.path == "sha256/" || directory.path.hasSuffix("/sha256/"),
            !directory.names.isEmpty
        else { return false }
        return directory.names.allSatisfy { name in
            name.utf8.count == 3 && name.hasSuffix("/")
                && name.dropLast().allSatisfy { $0.isHexDigit && !$0.isUppercase }
        }
    }
}

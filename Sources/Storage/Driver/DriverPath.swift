// A path as registry fronts write it: `^(/[A-Za-z0-9._-]+)+$` (CNCF Distribution, storagedriver.go,
// PathRegexp), or `/` for the root. The path `/a/b` is the key `a/b` of the bucket; `.` and `..` are names
// like any others.

package struct DriverPath: Hashable, Sendable {
    package let text: String

    package static let root = DriverPath(unchecked: "/")
    /// Of a key (Amazon S3, "Object key naming").
    package static let keyBytes = 1024

    private init(unchecked text: String) { self.text = text }

    /// Throws `invalidPath` for what is no path.
    package init(_ text: String) throws(DriverError) {
        self.text = text
        if text == "/" { return }
        let names = text.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= Self.keyBytes + 1,
            names.allSatisfy(Self.isName)
        else { throw DriverError(.invalidPath, "“\(text)” is no path") }
    }

    package var isRoot: Bool { text == "/" }

    /// The key of the file; empty for the root.
    package var key: ObjectKey { ObjectKey(bytes: Array(text.utf8.dropFirst())) }

    /// What the keys of everything below begin with.
    package var keyPrefix: ObjectKey {
        isRoot ? "" : ObjectKey(bytes: key.bytes + [UInt8(ascii: "/")])
    }

    /// What is directly below under that name; `nil` for what is no name.
    package func child(_ name: some Collection<UInt8>) -> DriverPath? {
        guard Self.isName(name) else { return nil }
        return DriverPath(unchecked: directory + String(decoding: name, as: UTF8.self))
    }

    /// The child of this path that leads to `other`, or is it; `nil` where `other` is not below.
    package func child(towards other: DriverPath) -> DriverPath? {
        guard other.text.utf8.count > directory.utf8.count,
            other.text.utf8.starts(with: directory.utf8)
        else { return nil }
        let name = other.text.utf8.dropFirst(directory.utf8.count)
            .prefix { $0 != UInt8(ascii: "/") }
        return child(name)
    }

    private var directory: String { isRoot ? text : text + "/" }

    private static func isName(_ name: some Collection<UInt8>) -> Bool {
        !name.isEmpty
            && name.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension DriverPath: Comparable, CustomStringConvertible {
    /// Depth first: what is below a path comes right behind it, so `/a/b` before `/a-b`. Keys are ordered
    /// otherwise, since `-` and `.` come before `/` there.
    package static func < (left: DriverPath, right: DriverPath) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8) { Self.rank($0) < Self.rank($1) }
    }

    private static func rank(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "/") ? 0 : byte }

    package var description: String { text }
}

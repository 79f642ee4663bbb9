// The name of an object: a bucket and a key. Keys are bytes: two keys are equal, and ordered, by their
// bytes, never by Unicode's rules (Amazon S3, "Object key naming": UTF-8, at most 1024 bytes; lists in
// binary order).

/// An object's key within its bucket.
package struct ObjectKey: Hashable, Sendable, Comparable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    /// The key as text; bytes that are no UTF-8 are shown as U+FFFD.
    package var string: String { String(decoding: bytes, as: UTF8.self) }

    package func hasPrefix(_ prefix: ObjectKey) -> Bool { bytes.starts(with: prefix.bytes) }

    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension ObjectKey: ExpressibleByStringLiteral, CustomStringConvertible {
    package init(stringLiteral value: String) { self.init(value) }

    package var description: String { string }
}

/// A bucket and a key. Bucket names are ASCII (`BucketName.isValid`), so `String` compares them well.
package struct ObjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let bucket: String
    package let key: ObjectKey

    package init(bucket: String, key: ObjectKey) {
        self.bucket = bucket
        self.key = key
    }

    package static func < (left: ObjectName, right: ObjectName) -> Bool {
        left.bucket == right.bucket ? left.key < right.key : left.bucket < right.bucket
    }

    package var description: String { bucket + "/" + key.string }
}

/// The rules of bucket names (Amazon S3, "General purpose bucket naming rules").
package enum BucketName {
    /// Where settings live; no API of a client can name it.
    package static let system = "-system"

    /// 3 to 63 of `a-z 0-9 . -`, beginning and ending with a letter or digit, no `..`.
    package static func isValid(_ name: String) -> Bool {
        let (dot, hyphen) = (UInt8(ascii: "."), UInt8(ascii: "-"))
        var (length, previous) = (0, dot)
        for byte in name.utf8 {
            length += 1
            let isPlain = isLetterOrDigit(byte) || byte == hyphen && length > 1
            guard length <= 63, isPlain || byte == dot && previous != dot else { return false }
            previous = byte
        }
        return length >= 3 && isLetterOrDigit(previous)
    }

    /// Whether S3 gives nobody a bucket of this valid name, since it means something else there: an address, or what a
    /// prefix or suffix stands for.
    package static func isReserved(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress = labels.count == 4 && labels.allSatisfy { UInt8($0) != nil }
        return isAddress || ["xn--", "sthree-", "amzn-s3-demo-"].contains { name.hasPrefix($0) }
            || ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].contains {
                name.hasSuffix($0)
            }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= byte
            || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= byte
    }
}

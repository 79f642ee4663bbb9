// The named limits of chunk files.

package struct ChunkLimits: Sendable, Hashable {
    /// A file takes no further chunk once it has reached this size.
    package var fileBytes: UInt64
    /// Files that are appended to at a time.
    package var lanes: Int
    /// How much is appended before the kernel is asked to write it back.
    package var writebackBytes: UInt64
    /// Files that are kept open for reading.
    package var openFiles: Int

    package init(
        fileBytes: UInt64 = 1 << 30, lanes: Int = 4, writebackBytes: UInt64 = 8 << 20,
        openFiles: Int = 512
    ) {
        self.fileBytes = fileBytes
        self.lanes = lanes
        self.writebackBytes = writebackBytes
        self.openFiles = openFiles
    }
}

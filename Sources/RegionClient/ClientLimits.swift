// Every bound of the outbound client, in one value.

package struct ClientLimits: Sendable, Hashable {
    /// Bytes of a body that were received and not read yet; the transfer pauses above it, and goes on at
    /// half of it.
    package var bufferedBytes = 4 << 20
    /// Bytes that are handed to the reader at once.
    package var chunkBytes = 256 << 10
    /// What one reading of the socket takes at most, of a body that is streamed and of a document.
    package var streamReadBytes = 512 << 10
    package var documentReadBytes = 64 << 10
    /// The head of an answer.
    package var headBytes = 64 << 10
    /// Connections kept open while idle, and open to one host at once; further transfers wait.
    package var idleConnections = 64
    package var connectionsPerHost = 64
    package var connectMilliseconds = 5_000
    /// A transfer slower than `stallBytesPerSecond` for this long is cut.
    package var stallMilliseconds = 30_000
    package var stallBytesPerSecond = 1024
    /// From start to end of a call whose answer is a document, waiting on purpose not counted.
    package var documentMilliseconds = 60_000

    package init() {}
}

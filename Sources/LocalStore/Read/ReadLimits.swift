// The named limits of reads.

package struct ReadLimits: Sendable, Hashable {
    /// How long a chunk that was checked counts as good while it stays in memory; 0: it never does.
    package var verifyInterval: Duration
    /// Chunks whose last check is remembered, 24 bytes each. What is forgotten is checked again.
    package var verifiedChunks: Int
    /// A read up to this size comes as one buffer, which goes out with the head of the response.
    package var collectedBytes: Int

    package init(
        verifyInterval: Duration = .seconds(3600), verifiedChunks: Int = 1 << 16,
        collectedBytes: Int = 64 << 10
    ) {
        self.verifyInterval = verifyInterval
        self.verifiedChunks = verifiedChunks
        self.collectedBytes = collectedBytes
    }
}

// The parts of `StatusDocument` that tell of replication.

extension StatusDocument {
    /// What is known here and not published yet.
    package struct Lag: Sendable, Hashable, Codable {
        package var pendingEntries: Int
        package var outstandingBytes: UInt64
        /// Since the oldest of them was written; absent where none waits.
        package var oldestMilliseconds: Int64?

        package init(
            pendingEntries: Int, outstandingBytes: UInt64, oldestMilliseconds: Int64?
        ) {
            self.pendingEntries = pendingEntries
            self.outstandingBytes = outstandingBytes
            self.oldestMilliseconds = oldestMilliseconds
        }
    }

    package struct Peer: Sendable, Hashable, Codable {
        package var name: String
        package var url: String
        /// Absent until it has been met for the first time.
        package var id: String?
        package var isConnected: Bool
        package var lastError: String?
        /// `incarnation.number`: how far its own feed is known here.
        package var cursor: String?
        package var clockSkewMilliseconds: Int64?
        package var lag: Lag

        package init(
            name: String, url: String, id: String?, isConnected: Bool, lastError: String?,
            cursor: String?, clockSkewMilliseconds: Int64?, lag: Lag
        ) {
            self.name = name
            self.url = url
            self.id = id
            self.isConnected = isConnected
            self.lastError = lastError
            self.cursor = cursor
            self.clockSkewMilliseconds = clockSkewMilliseconds
            self.lag = lag
        }
    }

    package struct Fetch: Sendable, Hashable, Codable {
        /// `sha256:…`
        package var blob: String
        package var sizeBytes: UInt64
        package var receivedBytes: UInt64
        package var source: String?
        package var attempts: Int

        package init(
            blob: String, sizeBytes: UInt64, receivedBytes: UInt64, source: String?, attempts: Int
        ) {
            self.blob = blob
            self.sizeBytes = sizeBytes
            self.receivedBytes = receivedBytes
            self.source = source
            self.attempts = attempts
        }
    }

    /// A version that keeps failing, and why.
    package struct Parked: Sendable, Hashable, Codable {
        package var bucket: String
        package var key: String
        package var version: String
        package var reason: String

        package init(bucket: String, key: String, version: String, reason: String) {
            self.bucket = bucket
            self.key = key
            self.version = version
            self.reason = reason
        }
    }

    /// A peer that sent wrong bytes for a digest.
    package struct RefusedSource: Sendable, Hashable, Codable {
        package var peer: String
        package var blob: String
        package var times: Int

        package init(peer: String, blob: String, times: Int) {
            self.peer = peer
            self.blob = blob
            self.times = times
        }
    }
}

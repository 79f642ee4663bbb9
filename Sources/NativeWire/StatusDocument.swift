// What `holdfast status` shows, as the admin API answers it. Fields are only ever added.

/// The answer of `GET /-/admin/v1/status`.
package struct StatusDocument: Sendable, Hashable, Codable {
    package var region: Region
    package var store: Store
    package var replication: Replication
    /// Blobs whose bytes are damaged here, in order of digest; `listLimit` at most.
    package var damage: [Damage]
    /// Running ones and the last that ended, the newest first.
    package var jobs: [JobDocument]
    /// Buckets that are at their quota or beyond.
    package var quotas: [BucketEntryDocument]?

    /// Rows of the list of damage.
    package static let listLimit = 100

    package init(
        region: Region, store: Store, replication: Replication, damage: [Damage],
        jobs: [JobDocument], quotas: [BucketEntryDocument]? = nil
    ) {
        self.region = region
        self.store = store
        self.replication = replication
        self.damage = damage
        self.jobs = jobs
        self.quotas = quotas
    }

    package struct Damage: Sendable, Hashable, Codable {
        /// `sha256:…`
        package var blob: String
        package var sizeBytes: UInt64
        package var reason: String

        package init(blob: String, sizeBytes: UInt64, reason: String) {
            self.blob = blob
            self.sizeBytes = sizeBytes
            self.reason = reason
        }
    }

    /// The daemon that answers.
    package struct Region: Sendable, Hashable, Codable {
        /// Sixteen hexadecimal digits.
        package var id: String
        package var name: String
        package var incarnation: UInt64
        /// The program's version.
        package var version: String
        package var uptimeSeconds: UInt64

        package init(
            id: String, name: String, incarnation: UInt64, version: String, uptimeSeconds: UInt64
        ) {
            self.id = id
            self.name = name
            self.incarnation = incarnation
            self.version = version
            self.uptimeSeconds = uptimeSeconds
        }
    }

    /// What the store holds.
    package struct Store: Sendable, Hashable, Codable {
        package var objects: UInt64
        package var blobs: UInt64
        package var uploads: UInt64
        package var logicalBytes: UInt64
        package var physicalBytes: UInt64
        /// Of the physical bytes, as of the last collection of garbage; absent before the first.
        package var deadBytes: UInt64?
        /// What collections have given back since the daemon started.
        package var freedBytes: UInt64
        package var journalBytes: UInt64
        package var availableBytes: UInt64
        package var details: [String: UInt64]

        package init(
            objects: UInt64, blobs: UInt64, uploads: UInt64, logicalBytes: UInt64,
            physicalBytes: UInt64, deadBytes: UInt64? = nil, freedBytes: UInt64 = 0,
            journalBytes: UInt64, availableBytes: UInt64, details: [String: UInt64]
        ) {
            self.objects = objects
            self.blobs = blobs
            self.uploads = uploads
            self.logicalBytes = logicalBytes
            self.physicalBytes = physicalBytes
            self.deadBytes = deadBytes
            self.freedBytes = freedBytes
            self.journalBytes = journalBytes
            self.availableBytes = availableBytes
            self.details = details
        }
    }

    /// How far the other regions are followed.
    package struct Replication: Sendable, Hashable, Codable {
        package var lag: Lag
        /// In order of name.
        package var peers: [Peer]
        package var fetches: [Fetch]
        package var parked: [Parked]
        package var refusedSources: [RefusedSource]

        package init(
            lag: Lag, peers: [Peer], fetches: [Fetch], parked: [Parked],
            refusedSources: [RefusedSource]
        ) {
            self.lag = lag
            self.peers = peers
            self.fetches = fetches
            self.parked = parked
            self.refusedSources = refusedSources
        }
    }
}

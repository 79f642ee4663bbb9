// The figures of the parts, as the status document shows them.

internal import NativeWire
internal import Replication
internal import Storage

extension StatusDocument.Store {
    init(_ figures: StoreFigures) {
        self.init(
            objects: figures.objects, blobs: figures.blobs, uploads: figures.uploads,
            logicalBytes: figures.logicalBytes, physicalBytes: figures.physicalBytes,
            journalBytes: figures.journalBytes, availableBytes: figures.availableBytes,
            details: figures.details)
    }
}

extension StatusDocument.Damage {
    init(_ damage: BlobDamage) {
        self.init(
            blob: damage.blob.description, sizeBytes: damage.sizeBytes, reason: damage.reason)
    }
}

extension StatusDocument.Replication {
    init(_ status: ReplicationStatus) {
        self.init(
            lag: StatusDocument.Lag(status.lag), peers: status.peers.map(StatusDocument.Peer.init),
            fetches: status.fetches.map { fetch in
                StatusDocument.Fetch(
                    blob: fetch.blob.description, sizeBytes: fetch.sizeBytes,
                    receivedBytes: fetch.receivedBytes, source: fetch.source,
                    attempts: fetch.attempts)
            },
            parked: status.parked.map { entry in
                StatusDocument.Parked(
                    bucket: entry.name.bucket, key: entry.name.key.string,
                    version: entry.version.description, reason: entry.reason)
            },
            refusedSources: status.refusedSources.map { source in
                StatusDocument.RefusedSource(
                    peer: source.peer, blob: source.blob.description, times: source.times)
            })
    }
}

extension StatusDocument.Lag {
    init(_ lag: ReplicationLag) {
        self.init(
            pendingEntries: lag.pendingEntries, outstandingBytes: lag.outstandingBytes,
            oldestMilliseconds: lag.oldestMilliseconds)
    }
}

extension StatusDocument.Peer {
    init(_ peer: PeerStatus) {
        self.init(
            name: peer.name, url: peer.url, id: peer.region?.description,
            isConnected: peer.isConnected, lastError: peer.lastError,
            cursor: peer.cursor?.description, clockSkewMilliseconds: peer.clockSkewMilliseconds,
            lag: StatusDocument.Lag(peer.lag))
    }
}

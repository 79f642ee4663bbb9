// Fetches one blob from one peer: small ones as one body, large ones as a durable upload session. In both
// the bytes are kept only if their digest is the one that was asked for.

internal import NIOCore
package import Storage

package struct FetchBlob: Sendable {
    private let stores: ReplicationStores
    private let limits: ReplicationLimits

    package init(stores: ReplicationStores, limits: ReplicationLimits) {
        self.stores = stores
        self.limits = limits
    }

    /// Returns when the blob is durable here. `progress` is told how many bytes have arrived.
    package func callAsFunction(
        _ blob: BlobID, sizeBytes: UInt64, peer: String, transport: any RegionTransport,
        progress: @escaping @Sendable (UInt64) -> Void
    ) async throws(FetchFailure) {
        do {
            if let info = try await stores.blobs.stat(blob), !info.isDamaged { return }
            if sizeBytes > limits.sessionBytes {
                try await FetchSession(
                    blob: blob, sizeBytes: sizeBytes, peer: peer, transport: transport,
                    stores: stores, limits: limits, progress: progress
                ).run()
            } else {
                try await fetchWhole(blob, sizeBytes, transport)
            }
        } catch let failure as FetchFailure {
            throw failure
        } catch let error as TransportError {
            throw .transport(error)
        } catch let error as StorageError where error.code.isOfWrongBytes {
            throw .wrongBytes(message: error.message, isSourceToBlame: true)
        } catch let error as StorageError where error.code == .insufficientStorage {
            throw .storeFull(message: "\(error)")
        } catch is CancellationError {
            throw .transport(TransportError(.unreachable, "the fetch was cancelled"))
        } catch {
            throw .store(message: "\(error)")
        }
    }

    private func fetchWhole(
        _ blob: BlobID, _ sizeBytes: UInt64, _ transport: any RegionTransport
    ) async throws {
        let plan = HashPlan(isSealed: try await stores.blobs.isToBeSealed(blob))
        let staging = try await stores.blobs.stage(plan, expectedBytes: sizeBytes)
        var received: UInt64 = 0
        if sizeBytes > 0 {
            let source = try await transport.read(blob, range: 0..<sizeBytes)
            while let bytes = try await source.next() {
                received += UInt64(bytes.readableBytes)
                guard received <= sizeBytes else { break }
                try await staging.write(bytes)
            }
        }
        guard received == sizeBytes else {
            throw FetchFailure.wrongBytes(
                message: "\(received) bytes came for \(blob), which has \(sizeBytes)",
                isSourceToBlame: true)
        }
        let promise = BodyPromise(sizeBytes: sizeBytes, digests: [ContentDigest(blob)])
        _ = try await stores.blobs.keep(try await staging.finish(promise))
    }
}

extension StorageError.Code {
    /// The body was not what was promised.
    var isOfWrongBytes: Bool { self == .digestMismatch || self == .sizeMismatch }
}

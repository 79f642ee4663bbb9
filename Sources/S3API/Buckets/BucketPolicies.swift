// Policies of buckets: put, shown, taken away, and at hand for every request without a signature.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import Storage
internal import Synchronization

/// The policies that are in force. A policy that was read is kept with the blob it was read from: the look-up
/// of its object, which is in memory, says whether it still holds, wherever the change came from.
final class BucketPolicies: Sendable {
    private struct Kept: Sendable {
        let blob: BlobID
        let policy: BucketPolicy
    }

    /// Buckets whose policy is kept.
    private static let limit = 1024

    private let objects: any ObjectStore
    private let blobs: any BlobStore
    private let kept = Mutex<[String: Kept]>([:])

    init(objects: any ObjectStore, blobs: any BlobStore) {
        self.objects = objects
        self.blobs = blobs
    }

    /// `nil` where the bucket has none, or is none.
    func policy(of bucket: String) async throws -> BucketPolicy? {
        let object = try await objects.object(Buckets.policyName(of: bucket))
        guard let blob = object?.content?.blob else { return nil }
        if let kept = kept.withLock({ $0[bucket] }), kept.blob == blob { return kept.policy }
        // Of the blob that was looked up: by its name another document could be read by now.
        let document = try await blobs.content(of: blob, limitBytes: Settings.limitBytes)
        let policy = try read(document, bucket)
        kept.withLock { kept in
            if kept.count >= Self.limit { kept.removeAll() }
            kept[bucket] = Kept(blob: blob, policy: policy)
        }
        return policy
    }

    /// A policy that another region took, and this one does not know how to enforce, allows nothing here.
    private func read(_ document: ByteBuffer, _ bucket: String) throws(AccessError) -> BucketPolicy
    {
        do throws(BucketPolicy.Refusal) {
            return try BucketPolicy(document: document.readableBytesView, bucket: bucket)
        } catch {
            throw AccessError(
                .notAllowed, "the policy of bucket “\(bucket)” is none that is known here")
        }
    }
}

extension S3Handler {
    func putBucketPolicy(_ request: S3Request) async throws -> ServerResponse {
        try await requireBucket(request)
        let bucket = try request.bucket
        let checksum = try ChecksumAnnouncement(request.fields)
        let document = try await request.document(
            limitBytes: request.limits.documentBytes, checksum: checksum)
        do throws(BucketPolicy.Refusal) {
            _ = try BucketPolicy(document: document.readableBytesView, bucket: bucket)
        } catch {
            switch error {
            case .malformed(let why): throw S3Error(.malformedPolicy, why)
            case .notOffered(let what): throw S3Error.notImplemented(what)
            }
        }
        try await buckets.setPolicy(document, of: bucket)
        return ServerResponse(status: .noContent)
    }

    func deleteBucketPolicy(_ request: S3Request) async throws -> ServerResponse {
        try await buckets.setPolicy(nil, of: request.bucket)
        return ServerResponse(status: .noContent)
    }

    /// The answer to GetBucketPolicy and GetBucketPolicyStatus of a bucket that has a policy.
    func policyDocument(
        _ setting: BucketSetting, _ request: S3Request
    ) async throws -> ServerResponse? {
        guard setting == .policy || setting == .policyStatus,
            let document = try await buckets.policy(of: request.bucket)
        else { return nil }
        guard setting == .policyStatus else {
            return ServerResponse(
                status: .ok, fields: [.contentType: "application/json"], body: .bytes(document))
        }
        // Every policy that is taken speaks of everyone.
        return .document(
            XMLWriter.document("PolicyStatus") { $0.element("IsPublic", "true") })
    }
}

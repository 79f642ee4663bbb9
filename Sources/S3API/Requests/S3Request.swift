// One request on its way through this front: what was parsed of it and who sent it. The body is still on
// the wire.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import Storage
internal import Synchronization

/// A class, since every step of its way has it.
final class S3Request: Sendable {
    let server: ServerRequest
    let target: RequestTarget
    /// The header fields, and those that a presigned URL carries as parameters of its query.
    let fields: HTTPFields
    let verified: VerifiedRequest
    let limits: S3Limits
    let documents: DocumentBudget
    private let bookedBytes = Mutex(0)

    init(
        server: ServerRequest, target: RequestTarget, fields: HTTPFields,
        verified: VerifiedRequest, limits: S3Limits, documents: DocumentBudget
    ) {
        self.server = server
        self.target = target
        self.fields = fields
        self.verified = verified
        self.limits = limits
        self.documents = documents
    }

    deinit {
        let booked = bookedBytes.withLock { $0 }
        if booked > 0 { documents.giveBack(booked) }
    }

    /// Counts a document of so many bytes by now as this request's, until the request is over. Throws `SlowDown`.
    func book(documentBytes: Int) throws(S3Error) {
        let bytes = max(0, documentBytes - limits.uncountedDocumentBytes)
        let isBooked = bookedBytes.withLock { booked in
            guard bytes <= booked || documents.book(bytes - booked) else { return false }
            booked = max(booked, bytes)
            return true
        }
        guard isBooked else {
            throw S3Error(
                .slowDown, "There are too many large documents at a time; please try again.")
        }
    }

    var query: RequestQuery { target.query }
    var principal: Principal { verified.principal }
    var writer: Writer { Writer(principal: principal.name, requestID: server.id) }

    /// The bucket, where the operation has one. Throws for a name that no bucket can have, so that no
    /// request names what is reserved.
    var bucket: String {
        get throws(S3Error) {
            guard let bucket = target.bucket, BucketName.isValid(bucket) else {
                throw S3Error.invalidBucketName(target.bucket ?? "")
            }
            return bucket
        }
    }

    /// What was asked for, as its client could ask again: of a proxy's scheme nothing is known here.
    var url: String {
        let scheme = server.isEncrypted ? "https" : "http"
        return "\(scheme)://\(server.head.authority ?? "localhost")\(target.resource)"
    }

    /// The object, where the operation has one.
    var name: ObjectName {
        get throws(S3Error) {
            let bucket = try bucket
            guard let key = target.key else {
                throw S3Error(.invalidURI, "The request names no object.")
            }
            return ObjectName(bucket: bucket, key: key)
        }
    }

    /// A number of the query between `range`'s bounds; greater ones are cut down to it.
    func number(
        _ parameter: String, default standard: Int, from least: Int = 0, cutAt most: Int
    ) throws(S3Error) -> Int {
        guard let text = query[parameter], !text.isEmpty else { return standard }
        guard let value = Int32(text), value >= least else {
            throw .invalidArgument(
                parameter, text, "Argument \(parameter) must be an integer of at least \(least).")
        }
        return min(Int(value), most)
    }
}

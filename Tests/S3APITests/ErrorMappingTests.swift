// Every error of the contracts has its place in S3.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import S3API
internal import Storage
import Testing

@Suite("Error mapping")
struct ErrorMappingTests {
    @Test(
        "every code of storage has a status of its own kind", arguments: StorageError.Code.allCases)
    func storage(_ code: StorageError.Code) {
        let error = S3Error(any: StorageError(code, "why"))
        #expect((400...599).contains(error.code.status.code))
        #expect(!error.message.isEmpty && error.cause is StorageError)
    }

    @Test(
        "every code of access is refused as the client's fault",
        arguments: AccessError.Code.allCases)
    func access(_ code: AccessError.Code) {
        let error = S3Error(any: AccessError(code, "why"))
        #expect((400...499).contains(error.code.status.code))
    }

    @Test("what is unknown is an internal error that says nothing")
    func unknown() {
        struct Secret: Error {}
        let error = S3Error(any: Secret())
        #expect(error.code == .internalError && !error.message.contains("Secret"))
        let large = S3Error(any: BodyTooLarge(limitBytes: 5))
        #expect(large.code == .maxMessageLengthExceeded)
        #expect(S3Error(any: StorageError(.unavailable, "full")).code.status.code == 503)
        #expect(S3Error(any: StorageError(.insufficientStorage, "full")).code.status.code == 507)
    }

    @Test("every status line has a reason, without which some clients see no answer")
    func reasons() {
        for code in S3Error.Code.allCases {
            #expect(!code.status.reasonPhrase.isEmpty, "\(code)")
        }
    }
}

// How much all documents together may hold in memory.

internal import Checksums
internal import HTTPTypes
internal import S3API
internal import Storage
import Synchronization
import Testing

@Suite("The memory of documents")
struct DocumentBudgetTests {
    private static let document =
        "<Delete>" + String(repeating: " ", count: 900) + "<Object><Key>k</Key></Object></Delete>"

    @Test(
        "is shared, so that one too many is told to come again, and given back when a request ends")
    func shared() async throws {
        let s3 = try await Self.server()
        let (held, other) = await s3.removeKeys(Self.document, while: Self.document)
        #expect(other?.status == 503 && other?.code == "SlowDown")
        #expect(other?.fields[.retryAfter] == "1")
        #expect(held.status == 200, "\(held.body)")
        #expect(await s3.removeKeys(Self.document).status == 200)
    }

    @Test("is given back by a document that was refused, too")
    func refused() async throws {
        let s3 = try await Self.server()
        for _ in 0..<3 {
            #expect(await s3.removeKeys(Self.document + "<").code == "MalformedXML")
            #expect(await s3.removeKeys(Self.document, truncatedTo: 900).code == "IncompleteBody")
        }
        #expect(await s3.removeKeys(Self.document).status == 200)
    }

    @Test("is not asked for by a small document, however many large ones there are")
    func small() async throws {
        let s3 = try await Self.server()
        let small = "<Delete><Object><Key>k</Key></Object></Delete>"
        let (held, other) = await s3.removeKeys(Self.document, while: small)
        #expect(held.status == 200 && other?.status == 200)
    }

    @Test("a document that alone is more than there is for all is refused alike")
    func tooLarge() async throws {
        let s3 = try await Self.server()
        let document = "<Delete>" + String(repeating: " ", count: 3000)
        #expect(await s3.removeKeys(document).code == "SlowDown")
    }

    private static func server() async throws -> TestServer {
        try await TestServer.withBucket {
            $0.uncountedDocumentBytes = 100
            $0.collectedDocumentBytes = 1000
        }
    }
}

extension TestServer {
    fileprivate func removeKeys(
        _ document: String, truncatedTo: Int? = nil,
        beforeEnd: @escaping @Sendable () async -> Void = {}
    ) async -> Reply {
        let md5 = Base64.encode(MessageDigest.hash(.md5, Array(document.utf8)))
        return await send(
            .post, "/bucket?delete", document, [.contentMD5: md5], truncatedTo: truncatedTo,
            beforeEnd: beforeEnd)
    }

    /// What is answered to a document, and to another that comes while all of the first but its end is there.
    fileprivate func removeKeys(
        _ document: String, while other: String
    ) async -> (reply: Reply, other: Reply?) {
        let answer = Mutex<Reply?>(nil)
        let reply = await removeKeys(document) {
            let reply = await self.removeKeys(other)
            answer.withLock { $0 = reply }
        }
        return (reply, answer.withLock { $0 })
    }
}

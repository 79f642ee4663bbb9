// What a connection holds when nobody takes from it.

import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPServer

/// Counts the reads that the handler asks the socket for.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = IOData

    private(set) var readCount = 0

    func read(context: ChannelHandlerContext) { readCount += 1 }
}

@Suite struct BackPressureTests {
    @Test("reading stops at the limit of unread bytes and goes on when they are taken")
    func stopsReading() async throws {
        var limits = HTTPLimits()
        limits.unreadBytes = 10_000
        let channel = EmbeddedChannel()
        let reads = ReadCounter()
        let shared = LoopConnections(
            eventLoop: channel.embeddedEventLoop, limits: limits, logger: Logger(label: "test"),
            unixSeconds: { 0 })
        let connection = ConnectionHandler(shared: shared, isOverLimit: false) {}
        try channel.pipeline.syncOperations.addHandlers(reads, connection)
        channel.pipeline.fireChannelActive()
        let head = ByteBuffer(string: "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n")
        channel.pipeline.fireChannelRead(head)
        channel.pipeline.fireChannelReadComplete()
        guard case .head(let request) = await connection.nextHead() else {
            Issue.record("the head is missing")
            return
        }
        connection.beginRequest(request)
        var sentBytes = 0
        while sentBytes < 20_000 {
            let before = reads.readCount
            channel.pipeline.fireChannelRead(ByteBuffer(repeating: 1, count: 4_000))
            channel.pipeline.fireChannelReadComplete()
            sentBytes += 4_000
            #expect((reads.readCount > before) == (sentBytes < 10_000))
        }
        var takenBytes = 0
        while takenBytes <= 10_000 {
            let before = reads.readCount
            takenBytes += try await connection.nextBody(of: 1)?.readableBytes ?? 0
            #expect((reads.readCount > before) == (sentBytes - takenBytes < 10_000))
        }
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test("bytes that trickle in do not keep the buffers they came in")
    func joinsTrickles() throws {
        var messages = InboundMessages(limits: HTTPLimits())
        messages.append(
            ByteBuffer(string: "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n"))
        _ = try messages.nextHead(FieldNameCache())
        for _ in 0..<5_000 {
            var wide = ByteBufferAllocator().buffer(capacity: 65_536)
            wide.writeInteger(UInt8(1))
            messages.append(wide)
        }
        #expect(messages.bufferedBytes == 5_000)
        guard case .bytes(let joined) = try messages.nextBody() else {
            Issue.record("the body is missing")
            return
        }
        #expect(joined.readableBytes == 5_000)
        #expect(joined.storageCapacity <= 16_384)
    }
}

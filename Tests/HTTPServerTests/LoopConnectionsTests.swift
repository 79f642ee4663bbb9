// What connections share.

import Logging
import NIOEmbedded
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct LoopConnectionsTests {
    @Test("the date is that of the moment, not of the last tick")
    func date() {
        let seconds = Shared(784_111_777)
        let connections = LoopConnections(
            eventLoop: EmbeddedEventLoop(), limits: HTTPLimits(), logger: Logger(label: "test"),
            unixSeconds: { seconds.value.withLock { $0 } })
        #expect(connections.date == "Sun, 06 Nov 1994 08:49:37 GMT")
        seconds.value.withLock { $0 += 1 }
        #expect(connections.date == "Sun, 06 Nov 1994 08:49:38 GMT")
    }

    private final class Shared: Sendable {
        let value: Mutex<Int64>

        init(_ value: Int64) { self.value = Mutex(value) }
    }
}

// Takes each new connection in: counts it, puts its handler in place, and hands its conversations, one after
// the other, to the task group in which all of them run.

internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

final class ConnectionAcceptor: Sendable {
    private struct Loop: Sendable {
        let executor: LoopExecutor
        let connections: NIOLoopBoundBox<LoopConnections>
    }

    private let handler: any RequestHandler
    private let limits: HTTPLimits
    private let loops: [Loop]
    private let requestIDs: RequestIDs
    private let accepted: AsyncStream<Conversation>
    private let acceptedEntry: AsyncStream<Conversation>.Continuation
    private let openCount = Atomic<Int>(0)
    /// Of each loop, once draining has begun: cuts what has not finished by then.
    private let drainTimers = Mutex<[Scheduled<Void>]>([])

    init(
        configuration: HTTPServiceConfiguration, handler: any RequestHandler,
        group: MultiThreadedEventLoopGroup, logger: Logger
    ) {
        self.handler = handler
        self.limits = configuration.limits
        self.requestIDs = RequestIDs(seed: configuration.requestIDSeed)
        (accepted, acceptedEntry) = AsyncStream.makeStream()
        loops = group.makeIterator().map { loop in
            let connections = LoopConnections(
                eventLoop: loop, limits: configuration.limits, logger: logger,
                unixSeconds: configuration.unixSeconds)
            return Loop(
                executor: LoopExecutor(loop),
                connections: .makeBoxSendingValue(connections, eventLoop: loop))
        }
    }

    /// On the connection's event loop, before it reads.
    func admit(
        _ channel: any Channel, listener: Int, _ certificate: ServerCertificate?
    ) throws {
        guard let loop = loops.first(where: { $0.executor.eventLoop === channel.eventLoop }) else {
            preconditionFailure("a connection came up on an event loop of another group")
        }
        let encryption = try certificate.map { certificate in
            try ConnectionEncryption(certificate, in: channel.pipeline)
        }
        let count = openCount.add(1, ordering: .relaxed).newValue
        let connection = ConnectionHandler(
            shared: loop.connections.value, encryption: encryption,
            isOverLimit: count > limits.connectionCount
        ) {
            self.openCount.subtract(1, ordering: .relaxed)
        }
        let executor = loop.executor
        let remoteAddress = SocketPeer.name(of: channel) ?? Self.name(channel.remoteAddress)
        connection.converse = { [unowned connection] in
            let conversation = Conversation(
                executor: executor,
                boundConnection: NIOLoopBound(connection, eventLoop: executor.eventLoop),
                handler: self.handler, requestIDs: self.requestIDs, listener: listener,
                remoteAddress: remoteAddress)
            // No more conversations begin once the service stops.
            if case .terminated = self.acceptedEntry.yield(conversation) { connection.closeNow() }
        }
        try channel.pipeline.syncOperations.addHandler(connection)
        if connection.isOverLimit { connection.wake() }
    }

    /// `address:port`, or what a Unix socket's peer is.
    static func name(_ address: SocketAddress?) -> String {
        guard let address, let host = address.ipAddress, let port = address.port else {
            return "local"
        }
        return "\(host):\(port)"
    }

    /// Runs every conversation until the last has ended after `beginDrain` or `cutAll`.
    func serve() async {
        let ticks = loops.map { loop in
            loop.executor.eventLoop.scheduleRepeatedTask(
                initialDelay: .zero, delay: LoopConnections.tick
            ) { _ in loop.connections.value.renew() }
        }
        await withDiscardingTaskGroup { group in
            for await conversation in accepted {
                group.addTask(executorPreference: conversation.executor) {
                    await conversation.run()
                }
            }
        }
        for tick in ticks { tick.cancel() }
        for timer in drainTimers.withLock({ $0 }) { timer.cancel() }
    }

    /// No more connections; those that are open end with the request that is under way.
    func beginDrain() {
        let timers = loops.map { loop in
            loop.executor.eventLoop.scheduleTask(in: limits.drainTimeout) {
                loop.connections.value.cutAll()
            }
        }
        drainTimers.withLock { $0 = timers }
        let told = loops.map { loop in
            loop.executor.eventLoop.submit { loop.connections.value.beginDrain() }
        }
        // A request that has come before its loop was told is answered still.
        EventLoopFuture.andAllComplete(told, on: loops[0].executor.eventLoop)
            .whenComplete { _ in self.acceptedEntry.finish() }
    }

    /// No more connections; those that are open end now.
    func cutAll() {
        acceptedEntry.finish()
        for loop in loops { loop.executor.eventLoop.execute { loop.connections.value.cutAll() } }
    }
}

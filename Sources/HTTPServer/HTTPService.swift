// The server: opens listeners, gives each connection a child task on its event loop, and ends in order.
//
// Life: `bind` (optional; `run` does it) → `run` → `stop` → what is under way finishes within
// `drainTimeout` → `run` returns. Cancelling the task of `run` ends everything at once. Every connection's
// task is a child of `run`.

internal import Glibc
package import Logging
internal import NIOCore
package import NIOPosix
internal import Synchronization

package struct HTTPServiceConfiguration: Sendable {
    package var listeners: [ListenerConfiguration]
    package var limits: HTTPLimits
    /// Seconds since 1970, for `Date`.
    package var unixSeconds: @Sendable () -> Int64
    /// Where the request ids of this run begin.
    package var requestIDSeed: UInt64

    package init(
        listeners: [ListenerConfiguration], limits: HTTPLimits = HTTPLimits(),
        unixSeconds: @escaping @Sendable () -> Int64 = HTTPServiceConfiguration.currentSeconds,
        requestIDSeed: UInt64 = .random(in: .min ... .max)
    ) {
        self.listeners = listeners
        self.limits = limits
        self.unixSeconds = unixSeconds
        self.requestIDSeed = requestIDSeed
    }

    /// From the exact clock: `time` is that of the last timer interrupt, and so may be in the second before.
    @Sendable package static func currentSeconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec)
    }
}

/// Serves HTTP/1.1 on all its listeners with one handler. Runs once.
package final class HTTPService: Sendable {
    private enum Phase {
        case idle
        case bound([Listener])
        case running([Listener])
        case stopped
    }

    private let configuration: HTTPServiceConfiguration
    private let acceptor: ConnectionAcceptor
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger
    private let phase = Mutex(Phase.idle)

    package init(
        configuration: HTTPServiceConfiguration, handler: any RequestHandler,
        group: MultiThreadedEventLoopGroup = .singleton, logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        self.acceptor = ConnectionAcceptor(
            configuration: configuration, handler: handler, group: group, logger: logger)
    }

    /// Opens the listeners; clients may connect and wait for `run`. Throws `ListenerError`, and then none
    /// is open.
    /// - Returns: the addresses in the order of the configuration, with the ports that were chosen.
    @discardableResult
    package func bind() async throws -> [ListenerAddress] {
        var opened: [Listener] = []
        do throws(ListenerError) {
            for (index, listener) in configuration.listeners.enumerated() {
                let bootstrap = bootstrap(index, listener.certificate)
                opened.append(try await Listener.open(listener.address, bootstrap))
            }
        } catch {
            await close(opened)
            throw error
        }
        let isFirst = phase.withLock { phase in
            guard case .idle = phase else { return false }
            phase = .bound(opened)
            return true
        }
        guard isFirst else {
            await close(opened)
            return []
        }
        return opened.map(\.address)
    }

    /// Serves until `stop`. Returns when every connection is closed.
    package func run() async throws {
        if phase.withLock({ if case .idle = $0 { true } else { false } }) { try await bind() }
        let listeners = phase.withLock { phase -> [Listener] in
            guard case .bound(let listeners) = phase else { return [] }
            phase = .running(listeners)
            return listeners
        }
        guard !listeners.isEmpty else { return }
        for listener in listeners {
            try await listener.channel.setOption(.autoRead, value: true).get()
            logger.info("listening", metadata: ["address": "\(listener.address)"])
        }
        await withTaskCancellationHandler {
            await acceptor.serve()
        } onCancel: {
            acceptor.cutAll()
        }
        stop()
        await close(listeners)
    }

    /// Stops accepting, lets requests under way finish, then closes. Returns at once; `run` returns when it
    /// is done. May be called from anywhere, more than once, and before `run`.
    package func stop() {
        let listeners = phase.withLock { phase -> [Listener] in
            defer { phase = .stopped }
            switch phase {
            case .idle, .stopped: return []
            case .bound(let listeners), .running(let listeners): return listeners
            }
        }
        guard !listeners.isEmpty else { return }
        for listener in listeners { listener.channel.close(promise: nil) }
        acceptor.beginDrain()
    }

    /// As `stop`, and cuts every connection at once, which cancels the tasks of its requests.
    package func cut() {
        stop()
        acceptor.cutAll()
    }

    private func close(_ listeners: [Listener]) async {
        for listener in listeners {
            listener.channel.close(promise: nil)
            do {
                try await listener.channel.closeFuture.get()
            } catch {
                logger.warning("a listener did not close", metadata: ["error": "\(error)"])
            }
        }
    }

    private func bootstrap(_ index: Int, _ certificate: ServerCertificate?) -> ServerBootstrap {
        let acceptor = acceptor
        let limits = configuration.limits
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.autoRead, value: false)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: ReceiveBuffers.heads)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // One system call per turn: a client that takes bytes as fast as they are sent would otherwise
            // keep its event loop to itself.
            .childChannelOption(.writeSpin, value: 0)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: limits.unsentLowBytes, high: limits.unsentHighBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try acceptor.admit(channel, listener: index, certificate)
                }
            }
    }
}

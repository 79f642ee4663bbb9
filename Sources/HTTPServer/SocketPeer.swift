// Who is at the other end of a Unix socket, by the kernel's word (unix(7), SO_PEERCRED).

internal import Glibc
internal import NIOCore

struct SocketPeer: Sendable {
    // As `struct ucred` has them.
    private let process: Int32
    private let user: UInt32
    private let group: UInt32

    /// `uid 1000 pid 4711`; `nil` of any other connection. On the connection's event loop.
    static func name(of channel: any Channel) -> String? {
        guard case .unixDomainSocket? = channel.localAddress,
            let options = channel as? any SocketOptionProvider
        else { return nil }
        let found: EventLoopFuture<SocketPeer> = options.unsafeGetSocketOption(
            level: NIOBSDSocket.OptionLevel(rawValue: SOL_SOCKET),
            name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        var name: String?
        // Known at once, since the loop is the connection's own.
        found.assumeIsolated().whenSuccess { name = "uid \($0.user) pid \($0.process)" }
        return name
    }
}

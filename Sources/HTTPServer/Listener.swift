// Where the server listens, and why it cannot.

internal import Glibc
internal import NIOCore
internal import NIOPosix

/// An address to listen on, or that is listened on.
package enum ListenerAddress: Sendable, Hashable, CustomStringConvertible {
    /// Port 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// A socket in the file system; `mode` are its permissions, in force from the first moment on. A socket
    /// that is left over at the path is replaced.
    case unix(path: String, mode: UInt32 = 0o600)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path, _): "unix:\(path)"
        }
    }
}

/// A listener as it is asked for.
package struct ListenerConfiguration: Sendable {
    package var address: ListenerAddress
    /// What connections are encrypted with; `nil`: they are not.
    package var certificate: ServerCertificate?

    package init(_ address: ListenerAddress, certificate: ServerCertificate? = nil) {
        self.address = address
        self.certificate = certificate
    }
}

/// A listener could not be opened.
package struct ListenerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case addressInUse
        case addressNotAvailable
        case permissionDenied
        case unknownHost
        case pathTooLong
        /// Something that is no socket is at the path.
        case pathOccupied
        case failed
    }

    package let code: Code
    package let address: ListenerAddress
    package let cause: String

    package var description: String { "cannot listen on \(address): \(cause)" }

    init(code: Code, address: ListenerAddress, cause: String) {
        self.code = code
        self.address = address
        self.cause = cause
    }

    init(_ error: any Error, address: ListenerAddress) {
        self.address = address
        switch error {
        case let error as ListenerError:
            (code, cause) = (error.code, error.cause)
        case let error as IOError:
            switch error.errnoCode {
            case EADDRINUSE: (code, cause) = (.addressInUse, "the address is in use")
            case EADDRNOTAVAIL:
                (code, cause) = (.addressNotAvailable, "the address is not one of this machine")
            case EACCES, EPERM: (code, cause) = (.permissionDenied, "permission denied")
            default: (code, cause) = (.failed, String(cString: strerror(error.errnoCode)))
            }
        case is SocketAddressError.UnknownHost:
            (code, cause) = (.unknownHost, "the host name is not known")
        case SocketAddressError.unixDomainSocketPathTooLong:
            (code, cause) = (.pathTooLong, "the path is longer than a socket's may be")
        default:
            (code, cause) = (.failed, "\(error)")
        }
    }
}

/// An open listener.
struct Listener {
    let channel: any Channel
    let address: ListenerAddress

    static func open(
        _ address: ListenerAddress, _ bootstrap: ServerBootstrap
    ) async throws(ListenerError) -> Listener {
        do {
            switch address {
            case .tcp(let host, let port):
                let channel =
                    try await bootstrap
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .bind(host: host, port: port).get()
                let bound = channel.localAddress
                return Listener(
                    channel: channel,
                    address: .tcp(host: bound?.ipAddress ?? host, port: bound?.port ?? port))
            case .unix(let path, let mode):
                let descriptor = try UnixListenerSocket.bind(path: path, mode: mode)
                let channel = try await bootstrap.withBoundSocket(descriptor).get()
                // A clean stop leaves nothing in the file system.
                channel.closeFuture.whenComplete { _ in unlink(path) }
                return Listener(channel: channel, address: address)
            }
        } catch {
            throw ListenerError(error, address: address)
        }
    }
}

/// NIO binds a Unix socket with the permissions of the umask; here they are in force before the name is
/// there: on Linux a socket's own mode, set before `bind`, becomes that of its file.
private enum UnixListenerSocket {
    static func bind(path: String, mode: UInt32) throws -> CInt {
        let address = try SocketAddress(unixDomainSocketPath: path)
        try removeLeftover(path)
        let descriptor = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        let result = address.withSockAddr { pointer, size in
            fchmod(descriptor, mode) == 0 ? Glibc.bind(descriptor, pointer, socklen_t(size)) : -1
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw IOError(errnoCode: code, reason: "bind")
        }
        return descriptor
    }

    /// A socket nobody listens on any more. Whoever owns the directory sees to it that only one server
    /// uses the path.
    private static func removeLeftover(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenerError(
                code: .pathOccupied, address: .unix(path: path),
                cause: "something that is no socket is at the path")
        }
        guard unlink(path) == 0 else { throw IOError(errnoCode: errno, reason: "unlink") }
    }
}

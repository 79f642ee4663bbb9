// A server that answers with bytes as they are given, for answers that a correct server never sends.

import Glibc

/// A listening socket on loopback; each connection is handled on a thread of its own.
final class RawServer: Sendable {
    let port: Int
    private let listener: CInt
    private let accepted: Shared<Int>

    /// Connections so far.
    var connections: Int { accepted.value }

    init(_ handle: @escaping @Sendable (RawConnection) -> Void) throws {
        let (descriptor, port) = try Self.listen()
        listener = descriptor
        self.port = port
        let accepted = Shared(0)
        self.accepted = accepted
        RawThread.start {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                accepted.change { $0 += 1 }
                RawThread.start {
                    let connection = RawConnection(connection)
                    handle(connection)
                    connection.close()
                }
            }
        }
    }

    deinit {
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
    }

    private static func listen() throws -> (descriptor: CInt, port: Int) {
        let descriptor = socket(
            AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && Glibc.listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard result else { throw RawError(code: errno) }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}

struct RawError: Error { let code: CInt }

func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

/// A connected socket, used with blocking calls.
final class RawConnection: Sendable {
    private let descriptor: CInt

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    /// Connects to a port on loopback.
    init(connectingTo port: Int) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: port)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw RawError(code: errno) }
    }

    /// `nil` at the end.
    func read() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    /// Everything up to an empty line; what comes behind it is dropped.
    func readHead() -> String? {
        var head: [UInt8] = []
        while let next = read() {
            head += next
            let text = String(decoding: head, as: UTF8.self)
            if text.contains("\r\n\r\n") { return text }
        }
        return nil
    }

    /// Whether the other side took it.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Ends both directions, so that whoever reads or writes notices; the descriptor stays valid.
    func cut() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// By the one owner, when nobody uses it any more.
    func close() { _ = Glibc.close(descriptor) }
}

enum RawThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        precondition(code == 0, "no thread: error \(code)")
        pthread_detach(thread)
    }
}

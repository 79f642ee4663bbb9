// A TCP proxy that does to a connection what networks do: it cuts it, or changes a byte.

final class RawProxy: Sendable {
    /// What happens to the bytes of one direction.
    enum Fault: Sendable {
        case none
        /// The connection is cut after so many bytes.
        case cut(afterBytes: Int)
        /// The byte at this place, from the start, is changed.
        case change(byteAt: Int)
        /// The first occurrence of this text is changed in its last letter.
        case changeText(String)
    }

    let server: RawServer

    var port: Int { server.port }

    init(to port: Int, requests: Fault = .none, answers: Fault = .none) throws {
        server = try RawServer { client in
            guard let target = try? RawConnection(connectingTo: port) else { return }
            let requestsEnded = Shared(false)
            RawThread.start {
                Self.pump(from: client, to: target, requests)
                target.cut()
                requestsEnded.change { $0 = true }
            }
            Self.pump(from: target, to: client, answers)
            client.cut()
            target.cut()
            while !requestsEnded.value { RawClock.pause() }
            target.close()
        }
    }

    private static func pump(from source: RawConnection, to target: RawConnection, _ fault: Fault) {
        var passedBytes = 0
        while var bytes = source.read() {
            let start = passedBytes
            passedBytes += bytes.count
            switch fault {
            case .none: break
            case .cut(let limit):
                bytes = Array(bytes.prefix(max(0, limit - start)))
            case .change(let place):
                if (start..<passedBytes).contains(place) { bytes[place - start] ^= 0x20 }
            case .changeText(let text):
                if let place = bytes.firstRange(of: Array(text.utf8))?.last { bytes[place] ^= 1 }
            }
            guard target.write(bytes) else { return }
            if case .cut(let limit) = fault, passedBytes >= limit { return }
        }
    }
}

// Listeners, and the way the server stops.

import Foundation
import HTTPServer
import HTTPTypes
import Logging
import NIOCore
import Synchronization
import Testing

private func service(_ listeners: [ListenerAddress]) -> HTTPService {
    HTTPService(
        configuration: HTTPServiceConfiguration(
            listeners: listeners.map { ListenerConfiguration($0) }),
        handler: ClosureHandler { _ in text(.ok, "a") }, logger: Logger(label: "test"))
}

private func temporaryPath() -> String { NSTemporaryDirectory() + "holdfast-\(UUID()).sock" }

@Suite struct ServiceTests {
    @Test("one service listens on several addresses; a Unix socket is for its owner and goes away")
    func listens() async throws {
        let path = temporaryPath()
        let service = service([
            .tcp(host: "127.0.0.1", port: 0), .tcp(host: "127.0.0.1", port: 0), .unix(path: path),
        ])
        let addresses = try await service.bind()
        #expect(Set(addresses).count == 3)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o600)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            for address in addresses {
                try await withClient(address) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await client.readResponse().text == "a")
                }
            }
            service.stop()
            try await group.waitForAll()
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a socket that was left over is replaced")
    func replacesLeftovers() async throws {
        let path = temporaryPath()
        let first = service([.unix(path: path)])
        try await first.bind()
        let second = service([.unix(path: path)])
        try await second.bind()
        second.stop()
        try await second.run()
        first.stop()
    }

    @Test("what cannot be listened on is said plainly")
    func refusesAddresses() async throws {
        let taken = service([.tcp(host: "127.0.0.1", port: 0)])
        let address = try #require(try await taken.bind().first)
        let occupied = temporaryPath()
        try Data("x".utf8).write(to: URL(fileURLWithPath: occupied))
        defer { unlink(occupied) }
        let cases: [(ListenerAddress, ListenerError.Code)] = [
            (address, .addressInUse),
            (.tcp(host: "192.0.2.1", port: 0), .addressNotAvailable),
            (.tcp(host: "no.such.host.invalid", port: 0), .unknownHost),
            (.unix(path: "/tmp/" + String(repeating: "a", count: 200)), .pathTooLong),
            (.unix(path: occupied), .pathOccupied),
            (.unix(path: "/no/such/directory/s"), .failed),
        ]
        for (address, code) in cases {
            let error = await #expect(throws: ListenerError.self) {
                try await service([.tcp(host: "127.0.0.1", port: 0), address]).bind()
            }
            #expect(error?.code == code)
            #expect(error?.description.contains("\(address)") == true)
        }
        taken.stop()
    }

    @Test(
        "a stop lets the request under way finish, closes idle connections and accepts no more",
        arguments: Wire.allCases)
    func drains(wire: Wire) async throws {
        let (started, startEntry) = AsyncStream<Void>.makeStream()
        let (gate, gateEntry) = AsyncStream<Void>.makeStream()
        try await withServer(wire) { request in
            if request.head.path == "/slow" {
                startEntry.finish()
                for await _ in gate {}
            }
            return text(.ok, "done")
        } _: { service, address in
            var idle = try await RawClient(address)
            try await idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await idle.readResponse()
            var busy = try await RawClient(address)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            for await _ in started {}
            service.stop()
            #expect(await idle.readToEnd().readableBytes == 0)
            // Ends when the listener does.
            while let late = try? await RawClient(address) { late.channel.close(promise: nil) }
            gateEntry.finish()
            let response = try await busy.readResponse()
            #expect(response.text == "done")
            #expect(response.fields["connection"] == "close")
            #expect(await busy.readToEnd().readableBytes == 0)
        }
    }

    @Test("what does not finish within the drain time is cut", arguments: Wire.allCases)
    func cutsAfterDraining(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.drainTimeout = .milliseconds(50)
        let (started, startEntry) = AsyncStream<Void>.makeStream()
        try await withServer(wire, limits: limits) { request in
            startEntry.finish()
            do {
                while try await request.body.source.next() != nil {}
            } catch {
                return text(.badRequest, "\(error)")
            }
            return text(.ok, "done")
        } _: { service, address in
            try await withClient(address) { client in
                try await client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
                for await _ in started {}
                service.stop()
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    @Test("a cut ends what is under way at once", arguments: Wire.allCases)
    func cuts(wire: Wire) async throws {
        let (started, startEntry) = AsyncStream<Void>.makeStream()
        try await withServer(wire) { request in
            startEntry.finish()
            // Until it is cancelled: nobody ends it otherwise.
            try? await Task.sleep(for: .seconds(3600))
            return text(.ok, "\(Task.isCancelled)")
        } _: { service, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                for await _ in started {}
                service.cut()
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    @Test(
        "a handler runs on its connection's event loop, and resumes there", arguments: Wire.allCases
    )
    func staysOnTheLoop(wire: Wire) async throws {
        try await withServer(wire) { request in
            let before = pthread_self()
            _ = try? await request.body.source.next()
            await Task.yield()
            return text(.ok, "\(before == pthread_self())")
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
                try await client.send("a")
                #expect(try await client.readResponse().text == "true")
            }
        }
    }
}

// The certificates of a region: what it shows to its clients and to other regions, and whom it believes.

internal import HTTPServer
internal import Logging
internal import NIOPosix
internal import RegionClient
internal import ServiceLifecycle
internal import UnixSignals

struct RegionTLS: Sendable {
    /// What encrypted listeners show; `nil` where none is.
    let certificate: ServerCertificate?
    /// Of connections to other regions.
    let client: ClientTLS

    /// Reads the files; throws a `Refusal` that names the one that cannot be used. Blocks.
    init(_ configuration: Configuration) throws {
        do {
            certificate = try configuration.tls.map { try ServerCertificate($0) }
            if let path = configuration.peerAuthorities { try TLSFiles.check(authorities: path) }
        } catch let error as TLSFileError {
            throw Refusal(error.description)
        }
        client = ClientTLS(
            authorities: configuration.peerAuthorities,
            certificate: configuration.tls.map {
                ClientTLS.Certificate(path: $0.certificate, keyPath: $0.key)
            })
    }
}

/// Without certificates SIGHUP, which would end the process, changes nothing: whoever sends it to every daemon, as
/// tools that rotate files do, ends none.
struct NothingToReload: Sendable {
    let logger: Logger

    /// Until the daemon stops.
    func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                logger.notice("SIGHUP: there is nothing to reload, and the settings need a restart")
            }
        }
    }
}

/// Takes new certificates in while the region serves: soon after the files have changed, and on SIGHUP.
struct RenewingCertificate: Service {
    let certificate: ServerCertificate
    let logger: Logger

    private static let pause = Duration.seconds(2)

    func run() async throws {
        logger.info("TLS", metadata: ["notAfter": "\(certificate.notAfter)"])
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                let (looks, entry) = AsyncStream<Bool>.makeStream(
                    bufferingPolicy: .bufferingOldest(8))
                group.addTask { await Self.lookNowAndThen(entry) }
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) {
                        entry.yield(true)
                    }
                }
                for await evenUnchanged in looks { await renew(evenUnchanged: evenUnchanged) }
            }
        }
    }

    /// Until cancelled.
    private static func lookNowAndThen(_ entry: AsyncStream<Bool>.Continuation) async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: pause) } catch { return }
            entry.yield(false)
        }
    }

    private func renew(evenUnchanged: Bool) async {
        do {
            let renewal = try await NIOThreadPool.singleton.runIfActive { [certificate] in
                certificate.renew(evenUnchanged: evenUnchanged)
            }
            switch renewal {
            case .unchanged: break
            case .renewed(let notAfter):
                logger.notice("TLS was renewed", metadata: ["notAfter": "\(notAfter)"])
            case .refused(let error):
                logger.error(
                    "TLS cannot be renewed; what was loaded before stays in use",
                    metadata: ["file": "\(error.path)", "reason": "\(error.reason)"])
            }
        } catch {
            // The thread pool stops with the process only.
            logger.debug("TLS was not looked at", metadata: ["error": "\(error)"])
        }
    }
}

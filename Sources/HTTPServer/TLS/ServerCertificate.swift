// What an encrypted listener shows its clients. It can be renewed while the listener serves: connections
// that are open keep what they began with, new ones get what was loaded last.

internal import NIOSSL
internal import Synchronization

package final class ServerCertificate: Sendable {
    /// What came of looking at the files again.
    package enum Renewal: Sendable, Hashable {
        case unchanged
        /// New connections get what is in the files now; good until this date.
        case renewed(notAfter: String)
        /// The files cannot be used; what was loaded before stays in use.
        case refused(TLSFileError)
    }

    private struct State {
        var context: NIOSSLContext
        /// Of the files as they were looked at last, whether they could be used or not.
        var stamps: [FileStamp?]
    }

    /// Until when the certificate that was loaded first is good, as a date.
    package let notAfter: String
    private let files: TLSFiles
    private let state: Mutex<State>

    /// Blocks.
    package init(_ files: TLSFiles) throws(TLSFileError) {
        self.files = files
        let stamps = files.paths.map(FileStamp.init)
        let loaded = try files.load()
        notAfter = HTTPDate.format(unixSeconds: loaded.notAfterUnixSeconds)
        state = Mutex(State(context: loaded.context, stamps: stamps))
    }

    /// Looks at the files, and loads them where one of them is another than at the last look, and is good now. One
    /// caller at a time. Blocks.
    package func renew(
        evenUnchanged: Bool = false,
        nowUnixSeconds: Int64 = HTTPServiceConfiguration.currentSeconds()
    ) -> Renewal {
        // Taken before the files are read: what changes in between is seen at the next look.
        let stamps = files.paths.map(FileStamp.init)
        let isChanged = state.withLock { state in
            defer { state.stamps = stamps }
            return state.stamps != stamps
        }
        guard isChanged || evenUnchanged else { return .unchanged }
        do throws(TLSFileError) {
            let loaded = try files.load()
            let notAfter = HTTPDate.format(unixSeconds: loaded.notAfterUnixSeconds)
            guard loaded.notBeforeUnixSeconds <= nowUnixSeconds else {
                let notBefore = HTTPDate.format(unixSeconds: loaded.notBeforeUnixSeconds)
                throw TLSFileError(
                    path: files.certificate, reason: "the certificate is good from \(notBefore) on")
            }
            guard loaded.notAfterUnixSeconds > nowUnixSeconds else {
                throw TLSFileError(
                    path: files.certificate, reason: "the certificate expired on \(notAfter)")
            }
            state.withLock { $0.context = loaded.context }
            return .renewed(notAfter: notAfter)
        } catch {
            return .refused(error)
        }
    }

    /// For one new connection.
    func handler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: state.withLock { $0.context })
    }
}

// The loop of libcurl's thread: take commands, perform, hand over what arrived, wait.

internal import CCurl
internal import Glibc

/// Lives on its thread alone.
final class ClientThread {
    private let inbox: ClientInbox
    private let multi: CurlMulti
    private let limits: ClientLimits
    private var running: [UInt64: CurlEasy] = [:]
    private var byHandle: [UnsafeMutableRawPointer: CurlEasy] = [:]

    private init(inbox: ClientInbox, multi: CurlMulti, limits: ClientLimits) {
        self.inbox = inbox
        self.multi = multi
        self.limits = limits
    }

    /// Starts the thread; it ends by itself after the inbox was closed.
    static func start(inbox: ClientInbox, multi: CurlMulti, limits: ClientLimits) {
        DetachedThread.start(name: "holdfast-curl") {
            ClientThread(inbox: inbox, multi: multi, limits: limits).run()
        }
    }

    private func run() {
        while let commands = inbox.take() {
            for command in commands { act(on: command) }
            multi.perform()
            for (handle, code) in multi.ended() { end(handle, code) }
            for easy in running.values where easy.hasNews { easy.flush() }
            multi.wait()
        }
        for easy in running.values {
            multi.remove(easy)
            ClientInbox.refuse(easy.transfer)
        }
    }

    private func act(on command: ClientInbox.Command) {
        switch command {
        case .start(let transfer):
            let easy = CurlEasy(transfer, limits: limits)
            running[transfer.id] = easy
            byHandle[easy.handle] = easy
            multi.add(easy)
        case .resume(let id):
            guard let easy = running[id] else { return }
            let code = easy.resume()
            if code != CURLE_OK { end(easy.handle, code) }
        case .cancel(let id):
            guard let easy = running[id] else { return }
            forget(easy)
        }
    }

    private func end(_ handle: UnsafeMutableRawPointer, _ code: CURLcode) {
        guard let easy = byHandle[handle] else { return }
        // First out of libcurl, then told: who is told may begin the next one on this connection.
        forget(easy)
        easy.finish(code)
    }

    private func forget(_ easy: CurlEasy) {
        multi.remove(easy)
        running[easy.transfer.id] = nil
        byHandle[easy.handle] = nil
    }
}

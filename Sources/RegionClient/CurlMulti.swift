// The one owner of a `CURLM *`: all transfers of a client and the connections they share. Everything but
// `wake` is confined to libcurl's thread (libcurl-thread(3); curl_multi_wakeup(3) is the exception).

internal import CCurl

final class CurlMulti: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer

    init(limits: ClientLimits) {
        Self.initialize()
        guard let handle = curl_multi_init() else {
            preconditionFailure("out of memory for the transfers")
        }
        self.handle = handle
        set(CURLMOPT_MAXCONNECTS, limits.idleConnections)
        set(CURLMOPT_MAX_HOST_CONNECTIONS, limits.connectionsPerHost)
        set(CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    deinit { curl_multi_cleanup(handle) }

    func add(_ easy: CurlEasy) {
        check(curl_multi_add_handle(handle, easy.handle))
    }

    /// Ends the transfer if it runs; its connection is closed then, and kept for the next one otherwise.
    func remove(_ easy: CurlEasy) {
        check(curl_multi_remove_handle(handle, easy.handle))
    }

    /// Does what can be done without waiting.
    func perform() {
        var running: CInt = 0
        check(curl_multi_perform(handle, &running))
    }

    /// The transfers that have ended since the last call, and how.
    func ended() -> [(handle: UnsafeMutableRawPointer, code: CURLcode)] {
        var result: [(UnsafeMutableRawPointer, CURLcode)] = []
        var remaining: CInt = 0
        while let message = curl_multi_info_read(handle, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle
            else { continue }
            result.append((easy, holdfast_curl_result(message)))
        }
        return result
    }

    /// Waits until a socket is ready, a timer of libcurl's is due, or someone wakes it.
    func wait() {
        check(curl_multi_poll(handle, nil, 0, Self.longestWaitMilliseconds, nil))
    }

    /// From any thread.
    func wake() {
        check(curl_multi_wakeup(handle))
    }

    private static let longestWaitMilliseconds: CInt = 60_000

    private static let globalCode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    private static func initialize() {
        precondition(globalCode == CURLE_OK, "libcurl did not start: \(globalCode.rawValue)")
    }

    private func set(_ option: CURLMoption, _ value: Int) {
        check(holdfast_curl_multi_set_long(handle, option, value))
    }

    /// What these calls can fail with is misuse, or want of memory.
    private func check(_ code: CURLMcode) {
        precondition(code == CURLM_OK, "libcurl failed: code \(code.rawValue)")
    }
}

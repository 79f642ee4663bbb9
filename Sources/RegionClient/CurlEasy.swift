// The one owner of a `CURL *`: a request as libcurl knows it. Confined to libcurl's thread, as is every
// callback.

internal import CCurl
internal import NIOCore
internal import Replication

final class CurlEasy {
    let transfer: Transfer
    let handle: UnsafeMutableRawPointer
    private let limits: ClientLimits
    private let errorText: UnsafeMutablePointer<CChar>
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var head: HeadParser
    /// Bytes have arrived that a waiting reader has not been given.
    private(set) var hasNews = false

    init(_ transfer: Transfer, limits: ClientLimits) {
        guard let handle = curl_easy_init() else {
            preconditionFailure("out of memory for a transfer")
        }
        self.transfer = transfer
        self.handle = handle
        self.limits = limits
        head = HeadParser(limitBytes: limits.headBytes)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        configureTransport()
        configureTLS()
        configureRequest()
        configureTimeouts()
        configureCallbacks()
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(fields)
        errorText.deallocate()
    }

    /// Goes on after a pause: libcurl calls back at once with what it held. Anything but `CURLE_OK` is
    /// the end of the transfer.
    func resume() -> CURLcode {
        curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    func flush() {
        hasNews = false
        transfer.flush()
    }

    /// Ends the transfer as libcurl says it ended.
    func finish(_ code: CURLcode) {
        guard code == CURLE_OK else { return transfer.finish(.failure(error(code))) }
        guard head.isComplete else {
            return transfer.finish(
                .failure(TransportError(.malformed, "an answer without a head")))
        }
        transfer.finish(.success(()))
    }

    private func error(_ code: CURLcode) -> TransportError {
        if head.isRefused { return TransportError(.malformed, "an answer whose head is too large") }
        let detail = String(cString: errorText)
        return TransportError(
            curl: code, detail: detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail,
            tls: transfer.tls)
    }

    // MARK: options

    private func configureTransport() {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // Regions are reached directly, whatever proxy the environment names.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_USERAGENT, "holdfast")
        if let path = transfer.request.unixSocketPath { set(CURLOPT_UNIX_SOCKET_PATH, path) }
        switch transfer.request.answer {
        case .document: set(CURLOPT_BUFFERSIZE, limits.documentReadBytes)
        case .stream: set(CURLOPT_BUFFERSIZE, limits.streamReadBytes)
        }
    }

    private func configureTLS() {
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // libcurl would go on believing for a day whom the file named when it was first read.
        set(CURLOPT_CA_CACHE_TIMEOUT, 0)
        if let path = transfer.tls.authorities { set(CURLOPT_CAINFO, path) }
        if let certificate = transfer.tls.certificate {
            set(CURLOPT_SSLCERT, certificate.path)
            set(CURLOPT_SSLKEY, certificate.keyPath)
        }
    }

    private func configureRequest() {
        let request = transfer.request
        set(CURLOPT_URL, request.url)
        // The target is signed as it is: libcurl shall not normalise it.
        set(CURLOPT_PATH_AS_IS, 1)
        if let body = request.body {
            set(CURLOPT_POST, 1)
            check(
                holdfast_curl_set_size(
                    handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.readableBytes)))
            body.withUnsafeReadableBytes { bytes in
                check(
                    holdfast_curl_set_pointer(
                        handle, CURLOPT_COPYPOSTFIELDS,
                        UnsafeMutableRawPointer(mutating: bytes.baseAddress)))
            }
        }
        if let stream = request.stream { configure(stream) }
        set(CURLOPT_CUSTOMREQUEST, request.method)
        // Documents are small: no round trip before the body.
        for line in request.fields.map({ "\($0.name): \($0.value)" }) + ["Expect:"] {
            fields = curl_slist_append(fields, line)
        }
        check(holdfast_curl_set_list(handle, CURLOPT_HTTPHEADER, fields))
    }

    private func configure(_ stream: OutboundStream) {
        set(CURLOPT_UPLOAD, 1)
        if let length = stream.lengthBytes {
            check(
                holdfast_curl_set_size(
                    handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(clamping: length)))
        }
        set(CURLOPT_UPLOAD_BUFFERSIZE, limits.streamReadBytes)
        check(
            holdfast_curl_set_pointer(
                handle, CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque()))
        check(
            holdfast_curl_set_transfer(handle, CURLOPT_READFUNCTION) {
                bytes, size, count, context in
                CurlEasy.from(context).sendBody(
                    UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
            })
    }

    private func configureTimeouts() {
        var stallMilliseconds = limits.stallMilliseconds
        if case .document(let waitMilliseconds) = transfer.request.answer {
            stallMilliseconds += waitMilliseconds
            set(CURLOPT_TIMEOUT_MS, limits.documentMilliseconds + waitMilliseconds)
        }
        set(CURLOPT_CONNECTTIMEOUT_MS, limits.connectMilliseconds)
        set(CURLOPT_LOW_SPEED_LIMIT, limits.stallBytesPerSecond)
        set(CURLOPT_LOW_SPEED_TIME, max(1, stallMilliseconds / 1000))
    }

    private func configureCallbacks() {
        // The context is this object, which outlives the handle that calls back.
        let context = Unmanaged.passUnretained(self).toOpaque()
        check(holdfast_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
        check(holdfast_curl_set_pointer(handle, CURLOPT_WRITEDATA, context))
        check(holdfast_curl_set_pointer(handle, CURLOPT_HEADERDATA, context))
        check(
            holdfast_curl_set_transfer(handle, CURLOPT_WRITEFUNCTION) {
                bytes, size, count, context in
                CurlEasy.from(context).receiveBody(
                    UnsafeRawBufferPointer(start: bytes, count: size * count))
            })
        check(
            holdfast_curl_set_transfer(handle, CURLOPT_HEADERFUNCTION) {
                bytes, size, count, context in
                CurlEasy.from(context).receiveHead(
                    UnsafeRawBufferPointer(start: bytes, count: size * count))
            })
    }

    private func set(_ option: CURLoption, _ value: Int) {
        check(holdfast_curl_set_long(handle, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) {
        check(holdfast_curl_set_text(handle, option, value))
    }

    /// Options are refused only where this libcurl does not know them, or for want of memory.
    private func check(_ code: CURLcode) {
        precondition(code == CURLE_OK, "libcurl refused an option: code \(code.rawValue)")
    }

    // MARK: callbacks

    private static func from(_ context: UnsafeMutableRawPointer?) -> CurlEasy {
        guard let context else { preconditionFailure("a callback without its context") }
        return Unmanaged<CurlEasy>.fromOpaque(context).takeUnretainedValue()
    }

    private func sendBody(_ space: UnsafeMutableRawBufferPointer) -> Int {
        switch transfer.feed?.take(into: space) {
        case .bytes(let count): count
        case .pause: Int(CURL_READFUNC_PAUSE)
        case .end: 0
        case .abort, nil: Int(CURL_READFUNC_ABORT)
        }
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        hasNews = true
        switch transfer.receive(bytes) {
        case .taken: return bytes.count
        case .pause: return Int(CURL_WRITEFUNC_PAUSE)
        case .refuse: return 0
        }
    }

    private func receiveHead(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard head.take(bytes) else { return 0 }
        if let complete = head.finished() { transfer.headArrived(complete) }
        return bytes.count
    }
}

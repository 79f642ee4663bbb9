import RegionClient
import Testing

@Suite("Where a region is")
struct PeerURLTests {
    @Test(
        "scheme, host and port are taken, a slash at the end is dropped",
        arguments: [
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("https://region-b.example.com/", "https://region-b.example.com"),
            ("http://[::1]:9000/", "http://[::1]:9000"),
        ])
    func accepted(text: String, url: String) {
        #expect(PeerURL(text)?.description == url)
    }

    @Test(
        "anything more is refused",
        arguments: [
            "", "http://", "http:///", "ftp://host", "host:9000", "http://host/path",
            "http://user@host", "http://host?query", "http://host//", "http://:9000",
            "http://host name", "HTTP//host",
        ])
    func refused(text: String) {
        #expect(PeerURL(text) == nil)
    }
}

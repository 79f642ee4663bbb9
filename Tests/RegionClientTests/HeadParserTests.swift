import RegionClient
import Testing

@Suite("Heads of answers, line by line")
struct HeadParserTests {
    private static func parse(_ lines: [String]) -> [OutboundHead] {
        var parser = HeadParser(limitBytes: 1000)
        return lines.compactMap { line in
            let taken = Array((line + "\r\n").utf8).withUnsafeBytes { parser.take($0) }
            #expect(taken)
            return parser.finished()
        }
    }

    @Test("names are in lower case, values without the space around them")
    func fields() {
        let heads = Self.parse(["HTTP/1.1 200 OK", "X-A:  b: c ", "Empty:", "no colon", ""])
        #expect(
            heads == [
                OutboundHead(
                    status: 200, fields: [HeaderField("x-a", "b: c"), HeaderField("empty", "")])
            ])
    }

    @Test("interim heads are passed over, trailers are no second head")
    func interimAndTrailers() {
        let heads = Self.parse([
            "HTTP/1.1 100 Continue", "A: 1", "", "HTTP/1.1 404 Not Found", "B: 2", "", "C: 3", "",
        ])
        #expect(heads == [OutboundHead(status: 404, fields: [HeaderField("b", "2")])])
    }
}

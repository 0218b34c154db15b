"""The streams of requests that the parsers are compared on: the same ones at every run."""

import itertools
import pathlib
import random

CORPUS = pathlib.Path(__file__).parent.parent / "Fuzz/RequestParser/corpus"
SEED = 9112
MUTANTS_PER_FILE = 200

# What readers of HTTP are known to disagree about, put in anywhere.
TOKENS = [
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n", b"\r\r\n", b"\0", b" ", b"  ", b"\t", b"\v", b"\f", b"\x7f", b"\x80",
    b"\xa0", b"\xff", b":", b" :", b",", b";", b"\"", b"#", b"?", b"%", b"%00", b"%zz", b"\\", b"/", b"//", b"/../",
    b"@", b"[", b"]", b"{", b"|", b"^", b"`", b"<", b"_", b"+", b"-", b"0", b"0x", b"00000000000000000",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9", b"http://b/", b"*", b"CONNECT ", b"PRI ",
    b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\n",
    b" folded\r\n", b"chunked", b", chunked", b"GET / HTTP/1.1\r\nHost: c\r\n\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n",
]

CODINGS = [
    b"chunked", b"Chunked", b"CHUNKED", b" chunked ", b"\tchunked\t", b"\vchunked", b"chunked\v", b"chunked\0",
    b"\"chunked\"", b"'chunked'", b"chunked;q=1", b"chunked, chunked", b"chunked,", b",chunked", b",", b"", b"identity",
    b"identity, chunked", b"chunked, identity", b"gzip", b"gzip, chunked", b"chunked, gzip", b"xchunked", b"chunkedx",
    b"chunked x", b"x chunked", b"chun\xcc\xa3ked", b"chunked\r\n ", b"\r\n chunked", b"chunked\rX: y", b"chunked\nX: y",
    b"trailers", b"chunked, trailers", b"chu nked", b"c",
]

LENGTHS = [
    b"5", b"05", b"+5", b"-5", b" 5 ", b"5 ", b"5,5", b"5, 5", b"5;5", b"5 5", b"0x5", b"5.0", b"5e0", b"", b"\t5", b"\v5",
    b"5\0", b"\"5\"", b"0", b"-0", b"00", b"5_0", b"1e1", b"9223372036854775807", b"9223372036854775808",
    b"18446744073709551615", b"18446744073709551616", b"18446744073709551621", b"99999999999999999999999", b"\xd9\xa5",
    b"5\r\n ", b"5\rX: y", b"5\nX: y",
]

NAMES = [
    b"%s:", b"%s :", b"%s\t:", b" %s:", b"\t%s:", b"%s\0:", b"%s\r:", b"%s\n:", b"\"%s\":", b"%s\v:", b"\0%s:", b"x\r\n%s:",
    b"X: y\n%s:", b"X: y\r%s:", b"X: y\r\n %s:", b"%s", b":%s:", b"(%s):", b"\xef\xbb\xbf%s:", b"%s\xa0:", b"%s=",
]

CHUNKS = [
    b"5\r\nhello\r\n0\r\n\r\n", b"05\r\nhello\r\n00\r\n\r\n", b"5\nhello\n0\n\n", b"5\r\nhello\n0\r\n\r\n",
    b"5\r\nhello0\r\n\r\n", b"5\r\nhello\r\r\n0\r\n\r\n", b"5\rhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n",
    b"5\t\r\nhello\r\n0\r\n\r\n", b"5;a\r\nhello\r\n0\r\n\r\n", b"5;a=b\r\nhello\r\n0;c\r\n\r\n",
    b"5;a=\"b\"\r\nhello\r\n0\r\n\r\n", b"5;a=\"\r\n0\"\r\nhello\r\n0\r\n\r\n", b"5;\r\nhello\r\n0\r\n\r\n",
    b"5 ;a\r\nhello\r\n0\r\n\r\n", b"5; a\r\nhello\r\n0\r\n\r\n", b"5;a\nhello\r\n0\r\n\r\n", b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    b"5;a\0\r\nhello\r\n0\r\n\r\n", b"5;a\x7f\r\nhello\r\n0\r\n\r\n", b"5;;\r\nhello\r\n0\r\n\r\n", b"5,\r\nhello\r\n0\r\n\r\n",
    b"5 5\r\nhello\r\n0\r\n\r\n", b"g\r\nhello\r\n0\r\n\r\n", b"\r\nhello\r\n0\r\n\r\n", b"6\r\nhello\r\n0\r\n\r\n",
    b"4\r\nhello\r\n0\r\n\r\n", b"5_0\r\nhello\r\n0\r\n\r\n", b"0000000000000005\r\nhello\r\n0\r\n\r\n",
    b"00000000000000005\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    b"10000000000000005\r\nhello\r\n0\r\n\r\n", b"8000000000000000\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX : y\r\n\r\n", b"5\r\nhello\r\n0\r\n X: y\r\n\r\n", b"5\r\nhello\r\n0\r\nX\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX: y\n\r\n", b"5\r\nhello\r\n0\r\nX: \0\r\n\r\n", b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n",
    b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n", b"5\r\nhello\r\n0\r\n",
    b"5\r\nhello\r\n0\r\n\n", b"5\r\nhello\r\n0\r\n\r", b"5\r\nhello\r\n0\n\r\n", b"5\r\nhello\r\n0 \r\n\r\n",
    b"5\xa0\r\nhello\r\n0\r\n\r\n", b"\xd9\xa5\r\nhello\r\n0\r\n\r\n",
]

REQUEST_LINES = [
    b"GET / HTTP/1.1", b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET /\tHTTP/1.1", b"GET / HTTP/1.1 ",
    b" GET / HTTP/1.1", b"\r\nGET / HTTP/1.1", b"\r\n\r\nGET / HTTP/1.1", b"\nGET / HTTP/1.1", b"GET /", b"GET / ",
    b"GET / HTTP/1.1\r", b"GET / HTTP/1", b"GET / HTTP/11", b"GET / HTTP/1.10", b"GET / HTTP/01.1", b"GET / HTTP/1.2",
    b"GET / HTTP/1.9", b"GET / HTTP/0.9", b"GET / HTTP/2.0", b"GET / HTTP/3.1", b"GET / http/1.1", b"GET / HTTP/1.1x",
    b"GET / HTTPS/1.1", b"GET / ICE/1.0", b"GET / RTSP/1.0", b"get / HTTP/1.1", b"Get / HTTP/1.1", b"FOO / HTTP/1.1",
    b"M-SEARCH / HTTP/1.1", b"G(T / HTTP/1.1", b"G\0T / HTTP/1.1", b"G\xc3T / HTTP/1.1", b"!#$%&'*+-.^_`|~ / HTTP/1.1",
    b"QUERY / HTTP/1.1", b"PRI * HTTP/2.0", b"SOURCE / HTTP/1.1", b"DESCRIBE / HTTP/1.1", b"OPTIONS * HTTP/1.1",
    b"GET * HTTP/1.1", b"GET a HTTP/1.1", b"GET a/b HTTP/1.1", b"GET ?a HTTP/1.1", b"GET #a HTTP/1.1", b"GET /#a HTTP/1.1",
    b"GET http://a/ HTTP/1.1", b"GET http://b/ HTTP/1.1", b"GET http:/a HTTP/1.1", b"GET http:///a HTTP/1.1",
    b"GET http://a:b/ HTTP/1.1", b"GET http://a:99999/ HTTP/1.1", b"GET http://u@a/ HTTP/1.1", b"GET http://[::1]/ HTTP/1.1",
    b"GET http://[::1/ HTTP/1.1", b"GET http://a?b HTTP/1.1", b"GET HTTP://a/ HTTP/1.1", b"GET ftp://a/ HTTP/1.1",
    b"GET x:y HTTP/1.1", b"GET https://a/ HTTP/1.1", b"CONNECT a:80 HTTP/1.1", b"CONNECT a HTTP/1.1", b"CONNECT / HTTP/1.1",
    b"GET //a HTTP/1.1", b"GET /a b HTTP/1.1", b"GET /\xc3\xa9 HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /\0 HTTP/1.1",
    b"GET /\x7f HTTP/1.1", b"GET /%41 HTTP/1.1", b"GET /% HTTP/1.1", b"GET /%00 HTTP/1.1", b"GET /?% HTTP/1.1",
    b"GET /\" HTTP/1.1", b"GET /<> HTTP/1.1", b"GET /{}|\\^` HTTP/1.1", b"GET /[] HTTP/1.1", b"GET /?a[]=b HTTP/1.1",
    b"GET /a/../b HTTP/1.1", b"GET /a;b HTTP/1.1", b"GET /\x0b HTTP/1.1", b"GET /\rHTTP/1.1", b"GET /\r HTTP/1.1",
    b"GET /\n HTTP/1.1", b"GET", b"", b"HTTP/1.1 200 OK", b"GET / HTTP/1.1\nX: y", b"GET / HTTP/1.1\rX: y",
]

HOSTS = [
    b"a", b"", b" ", b"a:80", b"a:", b":80", b"a:x", b"a:99999", b"a b", b"a,b", b"a/b", b"a?b", b"a#b", b"u@a", b"[::1]",
    b"[::1]:80", b"[::1", b"::1", b"[x]", b"a\\b", b"a\0", b"a\x7f", b"\xc3\xa9", b"%41", b"%", b"a..b", b".", b"a_b", b"a\"",
    b"<a>", b"a\tb", b"[::1]a", b"[v1.a]", b"a;b", b"a'b", b"(a)", b"a{b", b"a|b", b"a^b",
]

VALUES = [
    b"y", b"", b" ", b"\t", b"y\0", b"y\x01", b"y\x7f", b"\x80", b"\xff", b"y\vz", b"y\fz", b"y\rz", b"y\nz", b"y\r\n z",
    b"y\r\n\tz", b"y\r\nz", b"\r\n y", b"y\r\r", b"y\r\r\n", b"\"y", b"y:z", b"y\x1bz", b"\xc3\xa9",
]

EXPECTATIONS = [b"100-continue", b"100-Continue", b" 100-continue ", b"200-ok", b"", b"100-continue, 100-continue", b"100"]
CONNECTIONS = [
    b"close", b"Close", b"keep-alive", b"close, keep-alive", b"keep-alive, close", b"upgrade", b"Upgrade, close", b"",
    b",", b"close,", b"\"close\"", b"close;x", b"cl\0ose", b"x y", b"transfer-encoding", b"content-length, host",
]

# Behind every crafted message, so that a reader who ends it elsewhere sees other messages.
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
BODY = b"5\r\nhello\r\n0\r\n\r\n"


def crafted():
    """Messages that differ in the one thing that a smuggler would try, each followed by a harmless one."""
    for version in (b"1.1", b"1.0"):
        head = b"POST / HTTP/%s\r\nHost: a\r\n" % version
        for coding in CODINGS:
            yield head + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + BODY
            yield head + b"Transfer-Encoding:" + coding + b"\r\n\r\n" + BODY
            yield head + b"Transfer-Encoding: " + coding + b"\r\nContent-Length: 15\r\n\r\n" + BODY
            yield head + b"Content-Length: 15\r\nTransfer-Encoding: " + coding + b"\r\n\r\n" + BODY
            yield head + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: " + coding + b"\r\n\r\n" + BODY
            yield head + b"Transfer-Encoding: " + coding + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY
        for length in LENGTHS:
            yield head + b"Content-Length: " + length + b"\r\n\r\nhello"
            yield head + b"Content-Length:" + length + b"\r\n\r\nhello"
            yield head + b"Content-Length: 5\r\nContent-Length: " + length + b"\r\n\r\nhello"
            yield head + b"Content-Length: " + length + b"\r\nContent-Length: 5\r\n\r\nhello"
            yield head + b"Content-Length: " + length + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY
        for name in NAMES:
            yield head + name % b"Content-Length" + b" 5\r\n\r\nhello"
            yield head + name % b"Transfer-Encoding" + b" chunked\r\n\r\n" + BODY
            yield head + b"Content-Length: 0\r\n" + name % b"Transfer-Encoding" + b" chunked\r\n\r\n" + BODY
            yield head + name % b"X" + b" y\r\n\r\n"
        for value in VALUES:
            yield head + b"X: " + value + b"\r\n\r\n"
            yield head + b"X:" + value + b"\r\n\r\n"
        for host in HOSTS:
            yield b"GET / HTTP/%s\r\nHost: %s\r\n\r\n" % (version, host)
            yield b"GET / HTTP/%s\r\nHost: a\r\nHost: %s\r\n\r\n" % (version, host)
            yield b"GET http://%s/ HTTP/%s\r\nHost: a\r\n\r\n" % (host, version)
        for expectation, connection in itertools.product(EXPECTATIONS, CONNECTIONS):
            fields = b"Expect: " + expectation + b"\r\nConnection: " + connection + b"\r\n"
            yield head + fields + b"Content-Length: 5\r\n\r\nhello"
        for upgrade in (b"h2c", b"websocket", b"", b"x y"):
            for connection in CONNECTIONS:
                yield head + b"Upgrade: " + upgrade + b"\r\nConnection: " + connection + b"\r\n\r\n"
        yield b"GET / HTTP/%s\r\n\r\n" % version
    for chunks in CHUNKS:
        yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    for line in REQUEST_LINES:
        yield line + b"\r\nHost: a\r\n\r\n"
        yield line + b"\nHost: a\n\n"
        yield line + b"\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        yield line + b"\r\n\r\n"


def mutant(stream, others, source):
    """`stream` after one to three changes."""
    data = bytearray(stream)
    for _ in range(source.choice((1, 1, 1, 2, 2, 3))):
        at = source.randrange(len(data) + 1)
        token = source.choice(TOKENS)
        kind = source.randrange(9)
        if kind == 0:
            data[at:at] = token
        elif kind == 1:
            data[at : at + len(token)] = token
        elif kind == 2:
            del data[at : at + source.choice((1, 1, 2, 5))]
        elif kind == 3 and at < len(data):
            data[at] = source.randrange(256)
        elif kind == 4 and at < len(data):
            data[at] ^= 0x20
        elif kind == 5:
            lines = bytes(data).split(b"\r\n")
            line = source.randrange(len(lines))
            lines.insert(source.randrange(len(lines) + 1), lines[line])
            data = bytearray(b"\r\n".join(lines))
        elif kind == 6:
            lines = bytes(data).split(b"\r\n")
            source.shuffle(lines)
            data = bytearray(b"\r\n".join(lines))
        elif kind == 7:
            # Line ends and colons are where it matters most.
            places = [i for i, byte in enumerate(data) if byte in b"\r\n:"]
            if places:
                at = source.choice(places)
                data[at : at + source.randrange(2)] = token
        elif kind == 8:
            other = source.choice(others)
            data[at:at] = other[source.randrange(len(other)) :]
    return bytes(data)


def all_streams():
    # The first byte of a file of the corpus is the fuzzer's, for the split points.
    corpus = [path.read_bytes()[1:] for path in sorted(CORPUS.iterdir())]
    found = dict.fromkeys(corpus)
    for message in crafted():
        found[message] = None
        found[message + NEXT] = None
    source = random.Random(SEED)
    for stream in corpus:
        for _ in range(MUTANTS_PER_FILE):
            found[mutant(stream, corpus, source)] = None
    return [stream for stream in found if stream]

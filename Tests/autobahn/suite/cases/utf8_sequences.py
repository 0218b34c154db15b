"""6.5 to 6.23: byte sequences after Markus Kuhn's UTF-8 decoder capability and stress test, group by group.

Each is `(valid, bytes)`, where validity is what RFC 3629 says.
"""


def group(*sequences):
    return [(is_valid(sequence), sequence) for sequence in sequences]


def is_valid(sequence):
    try:
        sequence.decode()
    except UnicodeDecodeError:
        return False
    return True


def hexes(text):
    return group(*(bytes.fromhex(word) for word in text.split()))


def lonely(first, end):
    """Start bytes, each followed by a space."""
    return b"".join(bytes((byte, 0x20)) for byte in range(first, end))


def noncharacters():
    """U+FFFE and U+FFFF, and the last two code points of every plane that follows."""
    return [chr(plane << 16 | last).encode() for plane in range(17) for last in (0xFFFE, 0xFFFF)]


GREEK = bytes.fromhex("cebae1bdb9cf83cebcceb5")
INCOMPLETE = "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf"

SEQUENCES = [
    # 6.5 valid, of one to four bytes a code point
    group(*(f"hello{point}world".encode() for point in "$¢€𤭢"), GREEK),
    # 6.6 every prefix of a valid text
    group(*(GREEK[:size] for size in range(1, len(GREEK) + 1))),
    # 6.7 the first sequence of each length, 6.8 of the lengths that UTF-8 no longer has
    hexes("00 c280 e0a080 f0908080"),
    hexes("f888808080 fc8480808080"),
    # 6.9 the last sequence of each length, 6.10 past U+10FFFF
    hexes("7f dfbf efbfbf f48fbfbf"),
    hexes("f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf"),
    # 6.11 other boundaries
    hexes("ed9fbf ee8080 efbfbd f48fbfbf f4908080"),
    # 6.12 continuation bytes of nothing, 6.13 start bytes alone
    hexes("80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf") + group(bytes(range(0x80, 0xBF))),
    group(*(lonely(*ends) for ends in ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD)))),
    # 6.14 without the last continuation byte, 6.15 all of those in one
    hexes(INCOMPLETE),
    hexes(INCOMPLETE.replace(" ", "")),
    # 6.16 bytes that occur nowhere
    hexes("fe ff fefeffff"),
    # 6.17 overlong "/", 6.18 the longest overlong ones, 6.19 overlong NUL
    hexes("c0af e080af f08080af f8808080af fc80808080af"),
    hexes("c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf"),
    hexes("c080 e08080 f0808080 f880808080 fc8080808080"),
    # 6.20 single surrogates, 6.21 surrogates in pairs
    hexes("eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf"),
    hexes("eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf edafbfedb080 edafbfedbfbf"),
    # 6.22 noncharacters, which are valid, 6.23 specials such as the replacement character
    group(*noncharacters()),
    hexes("efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf"),
]

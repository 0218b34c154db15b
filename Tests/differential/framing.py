"""Streams of bytes behind their length in four bytes, the highest first."""

import struct


def read_streams(file):
    while prefix := file.read(4):
        yield file.read(struct.unpack(">I", prefix)[0])


def pack_streams(streams):
    return b"".join(struct.pack(">I", len(stream)) + stream for stream in streams)

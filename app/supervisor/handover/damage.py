"""What reading a sealed report may raise; apart from the seal, so that listing reports loads no cryptography."""

import struct
import zipfile
import zlib

# What zipfile raises for a file that is none, or is damaged.
DAMAGE = (
    ValueError,
    KeyError,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
